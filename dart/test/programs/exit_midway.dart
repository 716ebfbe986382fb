/// Starts to compress INPUT to OUTPUT and exits when PERCENT or more is reported.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

void main(List<String> arguments) {
  final [input, output, enough] = arguments;
  unawaited(
    Compressor.compress(
      input,
      output,
      onProgress: (percent) {
        if (percent >= int.parse(enough)) exit(0);
      },
    ),
  );
}
