/// The structures, field by field, against what a C compiler makes of the public header for the
/// processor of this VM.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io';

import 'package:cinch/cinch.dart';
import 'package:cinch/src/bindings.dart';
import 'package:cinch/src/memory.dart';

import 'harness.dart';
import 'samples.dart';

/// What `layout.c` prints, sorted.
Future<List<String>> _layoutInC(String folder) async {
  final tests = Platform.script.resolve('.');
  final program = '$folder/layout';
  await run('cc', [
    if (Abi.current() == Abi.linuxIA32) '-m32',
    '-I${tests.resolve('../../include').toFilePath()}',
    tests.resolve('layout.c').toFilePath(),
    '-o',
    program,
  ]);
  return (await run(program, [])).trim().split('\n')..sort();
}

/// A line as `layout.c` prints it, for a field of a structure of [size] bytes at [memory] that
/// [fill] sets to ones.
String _line(String name, Pointer<Uint8> memory, int size, void Function() fill) {
  final bytes = memory.asTypedList(size)..fillRange(0, size, 0);
  fill();
  final first = bytes.indexOf(0xff), length = bytes.lastIndexOf(0xff) - first + 1;
  expectEqual(bytes.where((byte) => byte == 0xff).length, length, 'bytes of $name');
  return '$name $first $length';
}

List<String> _layoutInDart() => withArena((arena) {
  final options = arena<NativeOptions>(), stats = arena<NativeStats>();
  final ones = Pointer<Void>.fromAddress(-1);
  final ofOptions = <String, void Function()>{
    'struct_size': () => options.ref.structSize = -1,
    'format': () => options.ref.format = -1,
    'level': () => options.ref.level = -1,
    'flags': () => options.ref.flags = -1,
    'chunk_size': () => options.ref.chunkSize = -1,
    'memory_limit': () => options.ref.memoryLimit = -1,
    'output_limit': () => options.ref.outputLimit = -1,
    'on_progress': () => options.ref.onProgress = ones,
    'on_complete': () => options.ref.onComplete = ones,
    'user': () => options.ref.user = ones,
    'input_offset': () => options.ref.inputOffset = -1,
    'input_length': () => options.ref.inputLength = -1,
    'input_fd': () => options.ref.inputFd = -1,
    'window_log': () => options.ref.windowLog = -1,
  };
  final ofStats = <String, void Function()>{
    'struct_size': () => stats.ref.structSize = -1,
    'bytes_in': () => stats.ref.bytesIn = -1,
    'bytes_out': () => stats.ref.bytesOut = -1,
    'bytes_total': () => stats.ref.bytesTotal = -1,
    'elapsed_ns': () => stats.ref.elapsedNanoseconds = -1,
    'format': () => stats.ref.format = -1,
    'check': () => stats.ref.check = -1,
    'frames': () => stats.ref.frames = -1,
    'chunks': () => stats.ref.chunks = -1,
    'trailing': () => stats.ref.trailing = -1,
  };
  return [
    'cinch_options 0 ${sizeOf<NativeOptions>()}',
    for (final MapEntry(:key, :value) in ofOptions.entries)
      _line('cinch_options.$key', options.cast(), sizeOf<NativeOptions>(), value),
    'cinch_stats 0 ${sizeOf<NativeStats>()}',
    for (final MapEntry(:key, :value) in ofStats.entries)
      _line('cinch_stats.$key', stats.cast(), sizeOf<NativeStats>(), value),
  ]..sort();
});

void main() {
  test('every field of both structures lies where C has it', () async {
    await withFolder((folder) async {
      final inC = await _layoutInC(folder), inDart = _layoutInDart();
      expectEqual(inDart.join('\n'), inC.join('\n'), 'the layout');
    });
  });

  test('every option reaches the library', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 300000);
      // Out of range, each on its own: a field that lay elsewhere would go unnoticed.
      for (final (options, code) in [
        (const CompressOptions(level: 23), CompressErrorCode.invalid),
        (const CompressOptions(memoryLimit: 1), CompressErrorCode.memoryLimit),
      ]) {
        final error = await expectThrows<CompressException>(
          () => Compressor.compress(input, '$folder/output.zst', options: options),
          '$options',
        );
        expectEqual(error.code, code, 'the code of "$error"');
      }
    });
  });

  unawaited(runTests());
}
