/// Bundles libcinch_dart, which is libcinch and what Dart needs, with an application: run by
/// `dart build`, `dart run` and `flutter build` of Dart 3.10 and later, never by hand.
///
/// The library is, in this order:
///
/// - the file that the application's pubspec.yaml names, which is the way for a target other than
///   the machine that builds, relative to that pubspec.yaml:
///
///       hooks:
///         user_defines:
///           cinch:
///             library: native/libcinch_dart.so
///
/// - built from the C sources, where the package is part of the project's repository (as a path or
///   git dependency), the target is the Linux that builds, and meson and ninja are installed. zlib
///   and zstd are compiled in, so that the application needs none;
/// - none, and the application opens an installed libcinch_dart when it runs.
///
/// The protocol is plain JSON in files, documented in `package:hooks` and `package:code_assets`.
/// It is spoken here directly, so that the package has no dependencies and works with SDKs that
/// those packages do not support.
library;

import 'dart:convert';
import 'dart:ffi' show Abi;
import 'dart:io';

/// The name under which `@Native` functions find the library: the file that declares them.
const _assetId = 'package:cinch/src/bindings.dart';

const _assetType = 'code_assets/code';

Future<void> main(List<String> arguments) async {
  final input = _Input.read(_configIn(arguments));
  try {
    final library = input.wantsCode ? await _libraryFor(input) : null;
    input.writeOutput({
      'assets': [
        if (library != null)
          {
            'type': _assetType,
            'encoding': {
              'id': _assetId,
              'file': library.file,
              'link_mode': {'type': 'dynamic_loading_bundle'},
            },
          },
      ],
      'dependencies': library?.dependencies ?? <String>[],
      'status': 'success',
    });
  } on _BuildFailure catch (failure) {
    stderr.writeln('cinch: ${failure.message}');
    input.writeOutput({
      'status': 'failure',
      'failure_details': {'type': 'build'},
    });
    exitCode = 1;
  }
}

/// A library to bundle, and the files that it has to be bundled anew for when they change.
typedef _Library = ({String file, List<String> dependencies});

Future<_Library?> _libraryFor(_Input input) async {
  if (input.chosenLibrary case final chosen?) {
    if (!File(chosen).existsSync()) throw _BuildFailure('there is no library at $chosen');
    return (file: chosen, dependencies: [chosen]);
  }
  final sources = Directory.fromUri(input.packageRoot.resolve('../'));
  if (!File.fromUri(sources.uri.resolve('include/cinch/cinch.h')).existsSync()) {
    print('cinch: no C sources beside the package; an installed libcinch_dart will be opened');
    return null;
  }
  if (input.target != Abi.current().toString()) {
    print('cinch: not built for ${input.target} on ${Abi.current()}; see hook/build.dart');
    return null;
  }
  for (final tool in ['meson', 'ninja']) {
    if (!await _isInstalled(tool)) {
      print('cinch: $tool is not installed; an installed libcinch_dart will be opened');
      return null;
    }
  }
  return _build(input, sources);
}

Future<_Library> _build(_Input input, Directory sources) async {
  final folder = Directory.fromUri(input.sharedFolder.resolve('${input.target}/'))
    ..createSync(recursive: true);
  final build = '${folder.path}build', prefix = '${folder.path}installed';
  await _run('meson', [
    'setup',
    if (File('$build/build.ninja').existsSync()) '--reconfigure',
    build,
    sources.path,
    '--prefix=$prefix',
    '--libdir=lib',
    '--buildtype=release',
    '--wrap-mode=forcefallback',
    '-Ddefault_library=shared',
    '-Ddart=enabled',
    '-Dprogram=disabled',
    '-Dtests=disabled',
  ]);
  await _run('meson', ['install', '-C', build]);
  final library = '${folder.path}libcinch_dart.so';
  File('$prefix/lib/libcinch_dart.so').copySync(library);
  return (
    file: library,
    dependencies: [
      for (final part in ['src', 'include', 'dart/native', 'subprojects/packagefiles'])
        for (final entry in Directory('${sources.path}$part').listSync(recursive: true))
          if (entry is File) entry.path,
      for (final name in ['meson.build', 'meson_options.txt']) '${sources.path}$name',
    ],
  );
}

Future<bool> _isInstalled(String program) async {
  try {
    return (await Process.run(program, ['--version'])).exitCode == 0;
  } on ProcessException {
    return false;
  }
}

Future<void> _run(String program, List<String> arguments) async {
  final result = await Process.run(program, arguments);
  if (result.exitCode != 0) {
    throw _BuildFailure(
      '$program ${arguments.join(' ')} failed:\n${result.stdout}${result.stderr}',
    );
  }
}

final class _BuildFailure implements Exception {
  _BuildFailure(this.message);

  final String message;
}

/// The path of the input, which the SDK passes as `--config=PATH` or `--config PATH`.
String _configIn(List<String> arguments) {
  for (final (i, argument) in arguments.indexed) {
    if (argument.startsWith('--config=')) return argument.substring('--config='.length);
    if (argument == '--config' && i + 1 < arguments.length) return arguments[i + 1];
  }
  throw ArgumentError('no --config: this program is run by the Dart SDK');
}

/// What the SDK asks for.
final class _Input {
  _Input.read(String path)
    : _json = jsonDecode(File(path).readAsStringSync()) as Map<String, Object?>;

  final Map<String, Object?> _json;

  Uri get packageRoot => Uri.directory(_json['package_root']! as String);

  Uri get sharedFolder => Uri.directory(_json['out_dir_shared']! as String);

  /// Whether libraries are to be bundled at all.
  bool get wantsCode =>
      ((_json['config']! as Map<String, Object?>)['build_asset_types']! as List<Object?>).contains(
        _assetType,
      );

  /// The system and processor to build for, as `Abi` names them: "linux_x64".
  String get target {
    final code = _path(['config', 'extensions', 'code_assets'])! as Map<String, Object?>;
    return '${code['target_os']}_${code['target_architecture']}';
  }

  /// The file that the application's pubspec.yaml names, or null.
  String? get chosenLibrary {
    final library = _path(['user_defines', 'workspace_pubspec', 'defines', 'library']);
    if (library == null) return null;
    if (library is! String) throw _BuildFailure('"library" is not a path: $library');
    final base = _path(['user_defines', 'workspace_pubspec', 'base_path'])! as String;
    return Uri.file(base).resolveUri(Uri.file(library)).toFilePath();
  }

  void writeOutput(Map<String, Object?> output) {
    File(_json['out_file']! as String).writeAsStringSync(
      jsonEncode({'timestamp': _seconds(DateTime.now()), ...output}),
    );
  }

  /// When the output was made, in whole seconds, which is all that some file systems keep.
  static String _seconds(DateTime time) => '${time.toIso8601String().split('.').first}.000';

  Object? _path(List<String> keys) {
    Object? at = _json;
    for (final key in keys) {
      at = at is Map<String, Object?> ? at[key] : null;
    }
    return at;
  }
}
