/// Runs every test file of this folder, or those whose names are given, each in a VM of its own.
///
///     dart run.dart [NAME...]
///
/// The last line is `N passed, N failed`; the exit status is 0 only if tests ran and none failed.
library;

import 'dart:convert';
import 'dart:io';

/// How long a file may take. Only for hangs that block the VM itself, where the tests' own
/// timeouts cannot fire.
const limit = Duration(minutes: 20);

Future<void> main(List<String> names) async {
  final folder = Directory.fromUri(Platform.script.resolve('.'));
  final files = [
    for (final entry in folder.listSync())
      if (entry.path.endsWith('_test.dart') &&
          (names.isEmpty || names.any((name) => entry.path.endsWith('/${name}_test.dart'))))
        entry.path,
  ]..sort();

  var passed = 0, failed = 0;
  final programs = Directory.systemTemp.createTempSync('cinch-dart-');
  try {
    for (final file in files) {
      print(file.substring(folder.path.length));
      final counts = await _run(file, programs.path);
      passed += counts.passed;
      failed += counts.failed;
    }
  } finally {
    programs.deleteSync(recursive: true);
  }
  print('$passed passed, $failed failed');
  exitCode = passed > 0 && failed == 0 ? 0 : 1;
}

/// Runs one file. One that crashes, hangs or ends without counts has failed once.
Future<({int passed, int failed})> _run(String file, String programs) async {
  final process = await Process.start(
    Platform.resolvedExecutable,
    [if (Platform.packageConfig case final packages?) '--packages=$packages', file],
    environment: {'CINCH_TEST_PROGRAMS': programs},
  );
  final lines = <String>[];
  final shown = process.stdout.transform(utf8.decoder).transform(const LineSplitter()).forEach((
    line,
  ) {
    lines.add(line);
    if (!_counts.hasMatch(line)) print(line);
  });
  final complaints = process.stderr.forEach(stderr.add);

  var hung = false;
  final status = await process.exitCode.timeout(
    limit,
    onTimeout: () {
      hung = true;
      process.kill(ProcessSignal.sigkill);
      return process.exitCode;
    },
  );
  await Future.wait([shown, complaints]);
  final counts = _counts.firstMatch(lines.lastOrNull ?? '');
  if (hung || counts == null) {
    print(hung ? '  FAILED  hangs' : '  FAILED  ended with status $status and no counts');
    return (passed: lines.where((line) => line.startsWith('  ok ')).length, failed: 1);
  }
  final failed = int.parse(counts[2]!);
  if (status != 0 && failed == 0) print('  FAILED  ended with status $status');
  return (passed: int.parse(counts[1]!), failed: failed == 0 && status != 0 ? 1 : failed);
}

final _counts = RegExp(r'^(\d+) passed, (\d+) failed$');
