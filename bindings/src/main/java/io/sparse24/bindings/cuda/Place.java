package io.sparse24.bindings.cuda;

import java.nio.file.Path;
import java.util.List;

/** Where a vendor library may be. */
sealed interface Place {
  /** How a report names it. */
  String name();

  /** Nothing to look at. */
  record Nowhere(String name, String reason) implements Place {}

  /** A file that the user named: an order, nothing after it is tried. */
  record Ordered(String name, Path file) implements Place {}

  /** Folders, in each of which the library may be. */
  record Folders(String name, List<Path> folders) implements Place {}
}
