/// Native memory for the length of a call, and texts in it.
library;

import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

final Pointer<Void> Function(int) _allocate = DynamicLibrary.process()
    .lookupFunction<Pointer<Void> Function(Size), Pointer<Void> Function(int)>('malloc');

final void Function(Pointer<Void>) _free = DynamicLibrary.process()
    .lookupFunction<Void Function(Pointer<Void>), void Function(Pointer<Void>)>('free');

/// Calls [body] with an arena and frees all that it handed out when [body] has returned or thrown.
///
/// [body] must not be asynchronous: its memory would be gone at the first `await`.
R withArena<R>(R Function(Arena arena) body) {
  final arena = Arena._();
  try {
    return body(arena);
  } finally {
    arena._freeAll();
  }
}

/// Hands out memory that [withArena] frees as a whole.
final class Arena implements Allocator {
  Arena._();

  final List<Pointer<Void>> _blocks = [];

  /// Zeroed memory of [byteCount] bytes, aligned for every type; throws an [OutOfMemoryError]
  /// where there is none.
  @override
  Pointer<T> allocate<T extends NativeType>(int byteCount, {int? alignment}) {
    final block = _allocate(byteCount);
    if (block == nullptr) throw OutOfMemoryError();
    _blocks.add(block);
    block.cast<Uint8>().asTypedList(byteCount).fillRange(0, byteCount, 0);
    return block.cast();
  }

  /// Does nothing: the arena frees its blocks together.
  @override
  void free(Pointer<NativeType> pointer) {}

  /// [text] as UTF-8 that ends with a NUL.
  Pointer<Char> utf8(String text) {
    final bytes = const Utf8Encoder().convert(text);
    final copy = allocate<Uint8>(bytes.length + 1);
    copy.asTypedList(bytes.length).setAll(0, bytes);
    return copy.cast();
  }

  void _freeAll() {
    _blocks.forEach(_free);
    _blocks.clear();
  }
}

/// The text at [pointer], up to its NUL; bytes that are not UTF-8 become U+FFFD.
String textAt(Pointer<Char> pointer) {
  final bytes = pointer.cast<Uint8>();
  var length = 0;
  while (bytes[length] != 0) {
    length++;
  }
  return const Utf8Decoder(allowMalformed: true).convert(Uint8List.sublistView(
    bytes.asTypedList(length),
  ));
}
