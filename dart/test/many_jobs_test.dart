/// Many jobs: at once, and one after another.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io';

import 'package:cinch/cinch.dart';
import 'package:cinch/src/dispatcher.dart';

import 'harness.dart';
import 'samples.dart';

/// glibc's `struct mallinfo2`: what the C heap holds, in bytes.
final class _MallocInfo extends Struct {
  @Size()
  external int arena;
  @Size()
  external int ordblks;
  @Size()
  external int smblks;
  @Size()
  external int hblks;
  @Size()
  external int hblkhd;
  @Size()
  external int usmblks;
  @Size()
  external int fsmblks;
  @Size()
  external int uordblks;
  @Size()
  external int fordblks;
  @Size()
  external int keepcost;
}

final _MallocInfo Function() _mallocInfo = DynamicLibrary.process()
    .lookupFunction<_MallocInfo Function(), _MallocInfo Function()>('mallinfo2');

/// Bytes that C code holds: blocks in use and blocks mapped on their own.
int _nativeBytes() {
  final info = _mallocInfo();
  return info.uordblks + info.hblkhd;
}

int _openDescriptors() => Directory('/proc/self/fd').listSync(followLinks: false).length;

int _threads() => Directory('/proc/self/task').listSync().length;

void main() {
  test('100 jobs at once: each reports on its own and completes once', () async {
    await withFolder((folder) async {
      final inputs = [
        for (var i = 0; i < 100; i++)
          writeText('$folder/$i', i % 10 == 0 ? 2 << 20 : i * 1000, seed: i),
      ];
      final percents = [for (final _ in inputs) <int>[]];
      final completed = <int>[];
      await Future.wait([
        for (final (i, input) in inputs.indexed)
          Compressor.compress(
            input,
            '$input.zst',
            onProgress: (percent) {
              expectTrue(!completed.contains(i), 'job $i: $percent % came after its completion');
              percents[i].add(percent);
            },
          ).then((_) => completed.add(i)),
      ]);
      expectEqual(completed.toSet().length, 100, 'jobs completed');
      expectEqual(completed.length, 100, 'completions');
      for (final (i, reported) in percents.indexed) {
        expectWholePercents(reported, 'percents of job $i');
      }
      await run('sh', ['-c', r'cd "$0" && exec zstd -q -t -- *.zst', folder]);
      await expectDecodes('${inputs[90]}.zst', inputs[90], format: 'zstd');
      expectEqual(Dispatcher.instance.pending, 0, 'jobs that the dispatcher still knows');
    });
  });

  test('500 jobs one after another do not grow memory', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 200000);
      Future<void> compress(int times) async {
        for (var i = 0; i < times; i++) {
          await Compressor.compress(input, '$folder/output.zst', onProgress: (_) {});
          await expectThrows<CompressException>(
            () => Compressor.compress('$folder/missing', '$folder/output'),
            'a missing input',
          );
          final job = Compressor.start(input, '$folder/output.gz')..cancel();
          await job.done.then((_) {}, onError: (Object _) {});
        }
      }

      // The library keeps what its workers need; that is all there after the first jobs.
      await compress(100);
      final resident = ProcessInfo.currentRss;
      final descriptors = _openDescriptors(), threads = _threads();
      // The VM's compiler and collector use the C heap as well, so that it goes up and down by
      // tens of kilobytes. A leak of few bytes a job would be there each time.
      final growths = <int>[];
      do {
        final before = _nativeBytes();
        await compress(500);
        growths.add(_nativeBytes() - before);
      } while (growths.last >= 4 << 10 && growths.length < 5);
      expectTrue(growths.last < 4 << 10, 'the C heap grew by $growths bytes');
      final residentGrowth = ProcessInfo.currentRss - resident;
      // The VM's own heap breathes.
      expectTrue(residentGrowth < 24 << 20, 'resident memory grew by $residentGrowth bytes');
      final left = _openDescriptors();
      expectTrue(left <= descriptors, 'descriptors: $left, before: $descriptors');
      expectTrue(_threads() <= threads + 1, 'threads: ${_threads()}, before: $threads');
    });
  });

  unawaited(runTests());
}
