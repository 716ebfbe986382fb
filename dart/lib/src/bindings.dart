/// The functions and structures of `cinch/cinch.h`, name for name.
///
/// Where the application was built with the package's build hook, the library is bundled as the
/// code asset of this file's name; elsewhere the names are looked for in the process, into which
/// `library.dart` loads an installed libcinch first. Nothing here may be called before
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

/// `cinch_progress_fn`: user, bytes done, bytes in all.
typedef NativeProgressFunction = Void Function(Pointer<Void>, Uint64, Uint64);

/// `cinch_completion_fn`: user, error code.
typedef NativeCompletionFunction = Void Function(Pointer<Void>, Int32);

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
  external Pointer<NativeFunction<NativeProgressFunction>> onProgress;
  external Pointer<NativeFunction<NativeCompletionFunction>> onComplete;
  external Pointer<Void> user;
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

@Native<Void Function(Pointer<NativeJob>)>(symbol: 'cinch_job_detach')
external void cinchJobDetach(Pointer<NativeJob> job);

@Native<Pointer<Char> Function(Int32)>(symbol: 'cinch_strerror')
external Pointer<Char> cinchStrerror(int errorCode);

@Native<Pointer<Char> Function()>(symbol: 'cinch_version')
external Pointer<Char> cinchVersion();

@Native<Pointer<Char> Function()>(symbol: 'cinch_engines')
external Pointer<Char> cinchEngines();

/// Whether the names of this file can be resolved now.
bool bindingsResolve() {
  try {
    return Native.addressOf<NativeFunction<Pointer<Char> Function()>>(cinchVersion) != nullptr;
  } on ArgumentError {
    return false;
  }
}

/// Where `cinch_job_detach` lies, for finalizers: it never blocks.
final Pointer<NativeFinalizerFunction> detachFinalizer =
    Native.addressOf<NativeFunction<Void Function(Pointer<NativeJob>)>>(cinchJobDetach).cast();
