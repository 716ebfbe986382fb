/// The four-argument form of the library, bound by hand.
///
/// This is what a program writes that has libcinch but not this package: one function of four
/// arguments, two callbacks a call. Compare it with `progress_bar.dart`, which uses the package.
///
///     dart classic_binding.dart INPUT OUTPUT [LIBRARY]
///
/// LIBRARY is the file of libcinch, by default libcinch.so.0 where the system finds it.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:ffi';
import 'dart:io';

/// `typedef void (*ProgressFn)(int32_t percent);`
typedef ProgressFn = Void Function(Int32 percent);

/// `typedef void (*CompletionFn)(int32_t error_code);`
typedef CompletionFn = Void Function(Int32 errorCode);

typedef _AsyncNative =
    Void Function(
      Pointer<Char> input,
      Pointer<Char> output,
      Pointer<NativeFunction<ProgressFn>> onProgress,
      Pointer<NativeFunction<CompletionFn>> onComplete,
    );
typedef _AsyncDart =
    void Function(
      Pointer<Char> input,
      Pointer<Char> output,
      Pointer<NativeFunction<ProgressFn>> onProgress,
      Pointer<NativeFunction<CompletionFn>> onComplete,
    );
typedef _FileNative =
    Int32 Function(
      Pointer<Char> input,
      Pointer<Char> output,
      Pointer<NativeFunction<ProgressFn>> onProgress,
    );
typedef _FileDart =
    int Function(
      Pointer<Char> input,
      Pointer<Char> output,
      Pointer<NativeFunction<ProgressFn>> onProgress,
    );

/// `cinch/compress_async.h`, by hand.
final class ClassicCompressor {
  /// Binds the four functions of [library].
  ClassicCompressor(DynamicLibrary library)
    : _compressAsync = library.lookupFunction<_AsyncNative, _AsyncDart>('compress_async'),
      _decompressAsync = library.lookupFunction<_AsyncNative, _AsyncDart>('decompress_async'),
      _compressFile = library.lookupFunction<_FileNative, _FileDart>('compress_file'),
      _decompressFile = library.lookupFunction<_FileNative, _FileDart>('decompress_file');

  final _AsyncDart _compressAsync;
  final _AsyncDart _decompressAsync;
  final _FileDart _compressFile;
  final _FileDart _decompressFile;

  /// Compresses on the library's threads; throws the error code as a [ClassicException].
  Future<void> compress(String input, String output, {void Function(int percent)? onProgress}) =>
      _run(_compressAsync, input, output, onProgress);

  /// Decompresses on the library's threads; throws the error code as a [ClassicException].
  Future<void> decompress(String input, String output, {void Function(int percent)? onProgress}) =>
      _run(_decompressAsync, input, output, onProgress);

  /// Compresses while this isolate waits, and returns the error code.
  int compressFile(String input, String output, {void Function(int percent)? onProgress}) =>
      _wait(_compressFile, input, output, onProgress);

  /// Decompresses while this isolate waits, and returns the error code.
  int decompressFile(String input, String output, {void Function(int percent)? onProgress}) =>
      _wait(_decompressFile, input, output, onProgress);

  static Future<void> _run(
    _AsyncDart function,
    String input,
    String output,
    void Function(int percent)? onProgress,
  ) {
    final done = Completer<void>();
    final progress = onProgress == null ? null : NativeCallable<ProgressFn>.listener(onProgress);
    late final NativeCallable<CompletionFn> completion;
    completion = NativeCallable<CompletionFn>.listener((int errorCode) {
      // The library calls completion once, after the last progress call: nothing of it can come
      // after this, so both may be closed here.
      progress?.close();
      completion.close();
      if (errorCode == 0) {
        done.complete();
      } else {
        done.completeError(ClassicException(errorCode));
      }
    });
    _withPaths(input, output, (inputPath, outputPath) {
      function(
        inputPath,
        outputPath,
        progress?.nativeFunction ?? nullptr,
        completion.nativeFunction,
      );
    });
    return done.future;
  }

  static int _wait(
    _FileDart function,
    String input,
    String output,
    void Function(int percent)? onProgress,
  ) {
    // The library calls it on this thread only, so it may run here and now.
    final progress =
        onProgress == null ? null : NativeCallable<ProgressFn>.isolateLocal(onProgress);
    try {
      return _withPaths(
        input,
        output,
        (inputPath, outputPath) =>
            function(inputPath, outputPath, progress?.nativeFunction ?? nullptr),
      );
    } finally {
      progress?.close();
    }
  }
}

/// A file was not compressed or decompressed.
final class ClassicException implements Exception {
  /// The exception for one of the CINCH_E_ codes.
  const ClassicException(this.errorCode);

  /// The code, as `cinch/cinch.h` lists them.
  final int errorCode;

  @override
  String toString() => 'ClassicException: error code $errorCode';
}

final _malloc = DynamicLibrary.process()
    .lookupFunction<Pointer<Uint8> Function(Size), Pointer<Uint8> Function(int)>('malloc');
final _free = DynamicLibrary.process()
    .lookupFunction<Void Function(Pointer<Uint8>), void Function(Pointer<Uint8>)>('free');

/// Calls [body] with both paths as C strings, which are gone when it has returned: the library
/// copies what it is given. They are overwritten first, so that a copy taken too late would show.
R _withPaths<R>(
  String input,
  String output,
  R Function(Pointer<Char> input, Pointer<Char> output) body,
) {
  final arena = <(Pointer<Uint8>, int)>[];
  Pointer<Char> copy(String text) {
    final bytes = utf8.encode(text);
    final block = _malloc(bytes.length + 1);
    arena.add((block, bytes.length));
    block.asTypedList(bytes.length).setAll(0, bytes);
    block[bytes.length] = 0;
    return block.cast();
  }

  try {
    return body(copy(input), copy(output));
  } finally {
    for (final (block, length) in arena) {
      block.asTypedList(length).fillRange(0, length, 0x3f);
      _free(block);
    }
  }
}

Future<void> main(List<String> arguments) async {
  if (arguments.length < 2) {
    stderr.writeln('usage: classic_binding.dart INPUT OUTPUT [LIBRARY]');
    exitCode = 2;
    return;
  }
  final library = DynamicLibrary.open(arguments.elementAtOrNull(2) ?? 'libcinch.so.0');
  try {
    await ClassicCompressor(library).compress(
      arguments[0],
      arguments[1],
      onProgress: (percent) => stdout.write('\r$percent %'),
    );
    stdout.writeln();
  } on ClassicException catch (error) {
    stderr.writeln(error);
    exitCode = 1;
  }
}
