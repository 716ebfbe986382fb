/// Finding libcinch_dart and loading it into the process.
library;

import 'dart:ffi';
import 'dart:io' show Platform;

import 'bindings.dart';
import 'memory.dart';

/// The environment variable that names the library's file, in place of an installed one.
const String libraryVariable = 'CINCH_LIBRARY';

bool _isLoaded = false;

/// Makes the functions of `bindings.dart` callable in this isolate.
///
/// Does nothing where the build hook bundled the library or the program has it linked in.
/// Otherwise loads the file that the environment variable `CINCH_LIBRARY` names, or the installed
/// libcinch_dart.
///
/// Throws an [UnsupportedError] that tells what was tried where there is no library to be had.
void ensureLibraryIsLoaded() {
  if (_isLoaded) return;
  if (!bindingsResolve()) _load();
  _isLoaded = true;
}

void _load() {
  final chosen = Platform.environment[libraryVariable];
  final names = chosen != null && chosen.isNotEmpty ? [chosen] : _installedNames();
  final reasons = <String>[];
  for (final name in names) {
    final reason = _loadGlobally(name);
    if (reason != null) {
      reasons.add(reason);
    } else if (bindingsResolve()) {
      return;
    } else {
      reasons.add('$name: is not libcinch_dart');
    }
  }
  throw UnsupportedError(
    'libcinch_dart cannot be loaded. Install it, or name its file in the environment variable '
    '$libraryVariable. Tried: ${reasons.join('; ')}',
  );
}

List<String> _installedNames() => switch (Abi.current()) {
  Abi.macosArm64 || Abi.macosX64 || Abi.iosArm64 || Abi.iosArm || Abi.iosX64 => const [
    'libcinch_dart.0.dylib',
    'libcinch_dart.dylib',
    'cinch_dart.framework/cinch_dart',
  ],
  Abi.androidArm || Abi.androidArm64 || Abi.androidIA32 || Abi.androidX64 => const [
    'libcinch_dart.so',
  ],
  _ => const ['libcinch_dart.so.0', 'libcinch_dart.so'],
};

/// Loads a library so that its names can be found in the process, which is where `@Native`
/// functions without a bundled asset are looked for; `DynamicLibrary.open` would keep them to
/// itself. Returns null, or why not. The library stays loaded for the life of the process.
String? _loadGlobally(String name) => withArena((arena) {
  // Forgets older errors; and looks the function up now, which would itself forget a new one.
  _error();
  if (_open(arena.utf8(name), _nowAndGlobal()) != nullptr) return null;
  final reason = _error();
  return reason == nullptr ? '$name: unknown reason' : textAt(reason);
});

/// RTLD_NOW | RTLD_GLOBAL, whose values are the system's own.
int _nowAndGlobal() => switch (Abi.current()) {
  Abi.macosArm64 || Abi.macosX64 || Abi.iosArm64 || Abi.iosArm || Abi.iosX64 => 0x2 | 0x8,
  Abi.androidArm || Abi.androidIA32 => 0x0 | 0x2,
  _ => 0x2 | 0x100,
};

final Pointer<Void> Function(Pointer<Char>, int) _open = DynamicLibrary.process()
    .lookupFunction<
      Pointer<Void> Function(Pointer<Char>, Int),
      Pointer<Void> Function(Pointer<Char>, int)
    >('dlopen');

final Pointer<Char> Function() _error = DynamicLibrary.process()
    .lookupFunction<Pointer<Char> Function(), Pointer<Char> Function()>('dlerror');
