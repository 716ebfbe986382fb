/// Runs every test file of this folder, or those whose names are given, each in a VM of its own.
///
///     dart run.dart [NAME...]
///
/// The last line is `N passed, N failed`; the exit status is 0 only if tests ran and none failed.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

/// How long a file may be silent. Only for hangs that block the VM itself, where the tests' own
/// timeouts cannot fire.
const limit = Duration(minutes: 20);

/// Files that call listeners from other threads, as the package itself does not: the VM may then
/// deadlock (dart-lang/sdk#61272). One that is silent for [silence] is said to have hung, and tried
/// again; it has failed if that happens [attempts] times.
const listeners = {'classic_binding_test.dart'};
const silence = Duration(minutes: 2);
const attempts = 4;

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
      final counts = await _attempt(file, programs.path);
      passed += counts.passed;
      failed += counts.failed;
    }
  } finally {
    programs.deleteSync(recursive: true);
  }
  print('$passed passed, $failed failed');
  exitCode = passed > 0 && failed == 0 ? 0 : 1;
}

typedef _Counts = ({int passed, int failed, bool hung});

/// Runs one file, and where a hang is the VM's known own, again.
Future<_Counts> _attempt(String file, String programs) async {
  final mayHang = listeners.contains(file.split('/').last);
  var counts = await _run(file, programs, mayHang ? silence : limit);
  for (var tried = 1; mayHang && counts.hung && tried < attempts; tried++) {
    print('  the VM hangs in a listener; once more');
    counts = await _run(file, programs, silence);
  }
  if (counts.hung) print('  FAILED  hangs');
  return counts;
}

/// Runs one file. One that crashes, ends without counts or prints nothing for as long as [patience]
/// has failed once.
Future<_Counts> _run(String file, String programs, Duration patience) async {
  final process = await Process.start(
    Platform.resolvedExecutable,
    [if (Platform.packageConfig case final packages?) '--packages=$packages', file],
    environment: {'CINCH_TEST_PROGRAMS': programs},
  );
  final lines = <String>[];
  final silent = Completer<void>();
  void giveUp() => silent.complete();
  var timer = Timer(patience, giveUp);
  final shown = process.stdout.transform(utf8.decoder).transform(const LineSplitter()).forEach((
    line,
  ) {
    timer.cancel();
    timer = Timer(patience, giveUp);
    lines.add(line);
    if (!_counts.hasMatch(line)) print(line);
  });
  final complaints = process.stderr.forEach(stderr.add);

  unawaited(silent.future.then((_) => process.kill(ProcessSignal.sigkill)));
  final status = await process.exitCode;
  timer.cancel();
  final hung = silent.isCompleted;
  await Future.wait([shown, complaints]);
  final counts = _counts.firstMatch(lines.lastOrNull ?? '');
  if (hung || counts == null) {
    if (!hung) print('  FAILED  ended with status $status and no counts');
    final passed = lines.where((line) => line.startsWith('  ok ')).length;
    return (passed: passed, failed: 1, hung: hung);
  }
  final failed = int.parse(counts[2]!);
  if (status != 0 && failed == 0) print('  FAILED  ended with status $status');
  return (
    passed: int.parse(counts[1]!),
    failed: failed == 0 && status != 0 ? 1 : failed,
    hung: false,
  );
}

final _counts = RegExp(r'^(\d+) passed, (\d+) failed$');
