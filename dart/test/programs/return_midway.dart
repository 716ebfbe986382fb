/// Starts to compress INPUT to OUTPUT and returns from `main`.
library;

import 'dart:async';

import 'package:cinch/cinch.dart';

void main(List<String> arguments) {
  unawaited(
    Compressor.compress(arguments[0], arguments[1], onProgress: print).then((_) => print('done')),
  );
  print('main returned');
}
