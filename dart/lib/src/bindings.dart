/// The functions and structures of `cinch/cinch.h` and `native/cinch_dart.h`, name for name.
///
/// Where the application was built with the package's build hook, the library is bundled as the
/// code asset of this file's name; elsewhere the names are looked for in the process, into which
/// `library.dart` loads an installed libcinch_dart first. Nothing here may be called before
/// [ensureLibraryIsLoaded] of that file has returned.
///
/// None of the functions is a leaf: a leaf call holds up garbage collection in every isolate of
/// the group while it runs, and the waiting ones run long.
@DefaultAsset('package:cinch/src/bindings.dart')
library;

import 'dart:ffi';

import 'library.dart';

/// `cinch_job`: one file on its way. Only ever handled by pointer.
final class NativeJob extends Opaque {}

/// `cinch_pool`. This package uses the default pool only, which is the null pointer.
final class NativePool extends Opaque {}

/// `cinch_options`.
final class NativeOptions extends Struct {
  @Size()
  external int structSize;
  @Int32()
  external int format;
  @Int32()
  external int level;
  @Uint32()
  external int flags;
  @Uint32()
  external int chunkSize;
  @Uint64()
  external int memoryLimit;
  @Uint64()
  external int outputLimit;
  external Pointer<Void> onProgress;
  external Pointer<Void> onComplete;
  external Pointer<Void> user;
  @Uint64()
  external int inputOffset;
  @Uint64()
  external int inputLength;
  @Int32()
  external int inputFd;
  @Uint32()
  external int windowLog;
}

/// `cinch_stats`.
final class NativeStats extends Struct {
  @Size()
  external int structSize;
  @Uint64()
  external int bytesIn;
  @Uint64()
  external int bytesOut;
  @Uint64()
  external int bytesTotal;
  @Uint64()
  external int elapsedNanoseconds;
  @Int32()
  external int format;
  @Uint32()
  external int check;
  @Uint64()
  external int frames;
  @Uint64()
  external int chunks;
  @Uint64()
  external int trailing;
}

/// `CINCH_FLAG_NO_REPLACE`.
const int flagNoReplace = 1 << 0;

/// `CINCH_FLAG_DURABLE`.
const int flagDurable = 1 << 1;

/// `CINCH_FLAG_VERIFY`.
const int flagVerify = 1 << 2;

/// The type that [cinchCompress] and [cinchDecompress] share.
typedef SubmitFunction =
    int Function(
      Pointer<NativePool>,
      Pointer<Char>,
      Pointer<Char>,
      Pointer<NativeOptions>,
      Pointer<Pointer<NativeJob>>,
    );

@Native<
  Int32 Function(
    Pointer<NativePool>,
    Pointer<Char>,
    Pointer<Char>,
    Pointer<NativeOptions>,
    Pointer<Pointer<NativeJob>>,
  )
>(symbol: 'cinch_compress')
external int cinchCompress(
  Pointer<NativePool> pool,
  Pointer<Char> input,
  Pointer<Char> output,
  Pointer<NativeOptions> options,
  Pointer<Pointer<NativeJob>> job,
);

@Native<
  Int32 Function(
    Pointer<NativePool>,
    Pointer<Char>,
    Pointer<Char>,
    Pointer<NativeOptions>,
    Pointer<Pointer<NativeJob>>,
  )
>(symbol: 'cinch_decompress')
external int cinchDecompress(
  Pointer<NativePool> pool,
  Pointer<Char> input,
  Pointer<Char> output,
  Pointer<NativeOptions> options,
  Pointer<Pointer<NativeJob>> job,
);

@Native<Int32 Function(Pointer<NativeJob>)>(symbol: 'cinch_job_cancel')
external int cinchJobCancel(Pointer<NativeJob> job);

@Native<Int32 Function(Pointer<NativeJob>)>(symbol: 'cinch_job_wait')
external int cinchJobWait(Pointer<NativeJob> job);

@Native<Int32 Function(Pointer<NativeJob>, Pointer<NativeStats>)>(symbol: 'cinch_job_stats')
external int cinchJobStats(Pointer<NativeJob> job, Pointer<NativeStats> stats);

@Native<Int32 Function(Pointer<NativeJob>, Pointer<Char>, Size)>(symbol: 'cinch_job_message')
external int cinchJobMessage(Pointer<NativeJob> job, Pointer<Char> buffer, int size);

@Native<Void Function(Pointer<NativeJob>)>(symbol: 'cinch_job_release')
external void cinchJobRelease(Pointer<NativeJob> job);

/// `cinch_dart_post_fn`: Dart's own `Dart_PostCObject`.
typedef NativePostFunction = Int8 Function(Int64 port, Pointer<Dart_CObject> value);

@Native<
  Int32 Function(
    Int32,
    Pointer<Char>,
    Pointer<Char>,
    Pointer<NativeOptions>,
    Pointer<NativeFunction<NativePostFunction>>,
    Int64,
    Int32,
    Int32,
    Pointer<Pointer<NativeJob>>,
  )
>(symbol: 'cinch_dart_start')
external int cinchDartStart(
  int operation,
  Pointer<Char> input,
  Pointer<Char> output,
  Pointer<NativeOptions> options,
  Pointer<NativeFunction<NativePostFunction>> post,
  int port,
  int id,
  int progress,
  Pointer<Pointer<NativeJob>> job,
);

@Native<Void Function(Pointer<NativeJob>)>(symbol: 'cinch_dart_drop')
external void cinchDartDrop(Pointer<NativeJob> job);

@Native<Pointer<Char> Function(Int32)>(symbol: 'cinch_strerror')
external Pointer<Char> cinchStrerror(int errorCode);

@Native<Pointer<Char> Function()>(symbol: 'cinch_version')
external Pointer<Char> cinchVersion();

@Native<Pointer<Char> Function()>(symbol: 'cinch_engines')
external Pointer<Char> cinchEngines();

/// Whether the names of this file can be resolved now.
bool bindingsResolve() {
  try {
    return dropFinalizer != nullptr;
  } on ArgumentError {
    return false;
  }
}

/// Where `cinch_dart_drop` lies, for finalizers: it never blocks.
Pointer<NativeFinalizerFunction> get dropFinalizer =>
    Native.addressOf<NativeFunction<Void Function(Pointer<NativeJob>)>>(cinchDartDrop).cast();
