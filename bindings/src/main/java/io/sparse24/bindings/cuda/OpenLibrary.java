package io.sparse24.bindings.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A vendor library that is open, of a version that is supported.
 *
 * @param library which
 * @param file where it came from: a path, or a name that the loader knew
 * @param version its own word
 * @param table its functions, in the layout that jextract made; 0 where an optional one is missing
 */
record OpenLibrary(VendorLibrary library, String file, Version version, MemorySegment table) {
  static OpenLibrary of(VendorLibrary library, String file, SymbolLookup lookup)
      throws IOException {
    MemorySegment table = Arena.ofAuto().allocate(library.table());
    List<String> missing = new ArrayList<>();
    long offset = 0;
    for (MemoryLayout slot : library.table().memberLayouts()) {
      String symbol = slot.name().orElseThrow();
      MemorySegment function = lookup.find(symbol).orElse(MemorySegment.NULL);
      if (function.address() == 0 && !library.optional().contains(symbol)) {
        missing.add(symbol);
      }
      table.set(ValueLayout.ADDRESS, offset, function);
      offset += slot.byteSize();
    }
    if (missing.contains(library.versionSymbol())) {
      throw new IOException("exports no " + library.versionSymbol() + ": not " + library.title());
    }
    // Before what else is missing: a version that is too old explains it.
    Version version = library.version().read(table);
    if (version.compareTo(library.oldest()) < 0 || version.major() > library.newestMajor()) {
      throw new IOException(
          "is version %s; supported are %s to %d.*"
              .formatted(version, library.oldest(), library.newestMajor()));
    }
    if (!missing.isEmpty()) {
      throw new IOException("version " + version + " exports no " + String.join(", ", missing));
    }
    return new OpenLibrary(library, file, version, table.asReadOnly());
  }
}
