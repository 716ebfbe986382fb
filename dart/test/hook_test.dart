/// The build hook, fed by hand with what its protocol says: no SDK that runs hooks is at hand.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'harness.dart';
import 'samples.dart';

/// Runs the hook as a package at [packageRoot] and returns its output, status and complaints.
Future<(Map<String, Object?>, Ending)> _runHook(
  String folder, {
  required String packageRoot,
  List<String> assetTypes = const ['code_assets/code'],
  String architecture = 'arm64',
  Map<String, Object?> defines = const {},
}) async {
  File('$folder/input.json').writeAsStringSync(
    jsonEncode({
      'config': {
        'build_asset_types': assetTypes,
        'extensions': {
          'code_assets': {
            'link_mode_preference': 'dynamic',
            'target_architecture': architecture,
            'target_os': 'linux',
          },
        },
        'linking_enabled': false,
      },
      'out_dir_shared': '$folder/shared/',
      'out_file': '$folder/output.json',
      'package_name': 'cinch',
      'package_root': packageRoot,
      'user_defines': {
        'workspace_pubspec': {'base_path': '$folder/application/pubspec.yaml', 'defines': defines},
      },
    }),
  );
  final hook = await startProgram('../../hook/build', ['--config=$folder/input.json']);
  final ending = await endingOf(hook);
  final output = File('$folder/output.json').readAsStringSync();
  return (jsonDecode(output) as Map<String, Object?>, ending);
}

void main() {
  test('a library that the application names is bundled', () async {
    await withFolder((folder) async {
      final library = '$folder/application/native/libcinch_dart.so';
      File(library)
        ..createSync(recursive: true)
        ..writeAsStringSync('a library');
      final (output, ending) = await _runHook(
        folder,
        packageRoot: folder,
        defines: {'library': 'native/libcinch_dart.so'},
      );
      expectEqual((ending.status, ending.complaints), (0, ''), 'the ending');
      expectEqual(output['status'], 'success');
      expectEqual(
        jsonEncode(output['assets']),
        jsonEncode([
          {
            'type': 'code_assets/code',
            'encoding': {
              'id': 'package:cinch/src/bindings.dart',
              'file': library,
              'link_mode': {'type': 'dynamic_loading_bundle'},
            },
          },
        ]),
        'the assets',
      );
      expectEqual(output['dependencies'], [library], 'the dependencies');
      expectTrue(DateTime.tryParse(output['timestamp']! as String) != null, 'a time: $output');
    });
  });

  test('a library that is named but missing fails the build', () async {
    await withFolder((folder) async {
      final (output, ending) = await _runHook(
        folder,
        packageRoot: folder,
        defines: {'library': 'missing.so'},
      );
      expectEqual(ending.status, 1, 'the status');
      expectTrue(ending.complaints.contains('$folder/application/missing.so'), ending.complaints);
      expectEqual(output['status'], 'failure');
    });
  });

  test('where nothing can be bundled, nothing is, and the build goes on', () async {
    await withFolder((folder) async {
      final repository = Platform.script.resolve('..').toFilePath();
      for (final (root, architecture) in [('$folder/alone/', 'ia32'), (repository, 'arm64')]) {
        final (output, ending) = await _runHook(
          folder,
          packageRoot: root,
          architecture: architecture,
        );
        expectEqual((ending.status, ending.complaints), (0, ''), 'the ending');
        expectEqual((output['status'], jsonEncode(output['assets'])), ('success', '[]'));
      }
    });
  });

  test('where no libraries are asked for, none is given', () async {
    await withFolder((folder) async {
      final (output, _) = await _runHook(
        folder,
        packageRoot: folder,
        assetTypes: ['data_assets/data'],
        defines: {'library': 'missing.so'},
      );
      expectEqual((output['status'], jsonEncode(output['assets'])), ('success', '[]'));
    });
  });

  unawaited(runTests());
}
