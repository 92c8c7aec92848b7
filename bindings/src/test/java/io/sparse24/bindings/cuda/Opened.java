package io.sparse24.bindings.cuda;

import io.sparse24.bindings.LibraryLoadException;
import java.nio.file.Path;
import java.util.Map;

/** Opens a file as the library that it is said to be. */
final class Opened {
  private Opened() {}

  static OpenLibrary from(VendorLibrary library, Path file) throws LibraryLoadException {
    Map<String, String> properties =
        Map.of("io.sparse24.library." + library.key(), file.toString());
    return library.open(new Places(properties::get, name -> null, Path.of("/nowhere")));
  }
}
