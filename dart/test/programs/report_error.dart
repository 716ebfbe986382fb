/// Compresses INPUT to OUTPUT and prints the error as JSON, or null.
///
///     report_error.dart INPUT OUTPUT [unprivileged]
///
/// `unprivileged` gives up root's rights first, which permissions do not bind. It is done in here,
/// once everything is loaded, because the VM's own files may lie where only root can read.
library;

import 'dart:convert';
import 'dart:ffi';

import 'package:cinch/cinch.dart';

typedef _SetIds = int Function(int real, int effective, int saved);
typedef _NativeSetIds = Int Function(UnsignedInt real, UnsignedInt effective, UnsignedInt saved);

void _giveUpRights() {
  const nobody = 65534;
  Compressor.version;
  for (final name in ['setresgid', 'setresuid']) {
    final set = DynamicLibrary.process().lookupFunction<_NativeSetIds, _SetIds>(name);
    if (set(nobody, nobody, nobody) != 0) throw StateError('$name failed');
  }
}

Future<void> main(List<String> arguments) async {
  final [input, output, ...rest] = arguments;
  if (rest.contains('unprivileged')) _giveUpRights();
  try {
    await Compressor.compress(input, output);
    print(jsonEncode(null));
  } on CompressException catch (error) {
    print(jsonEncode({'code': error.code, 'message': error.message, 'path': error.path}));
  }
}
