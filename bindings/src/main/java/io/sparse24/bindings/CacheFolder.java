package io.sparse24.bindings;

import java.nio.file.Path;

/** Where a user's files are that can be made again: unpacked libraries, choices of algorithms. */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * The system property {@code io.sparse24.cache}, {@code S24_CACHE_DIR}, or {@code sparse24} in
   * {@code XDG_CACHE_HOME} or {@code ~/.cache}, in this order.
   *
   * @return the folder, which may not be there yet
   */
  public static Path ofUser() {
    String own = System.getProperty("io.sparse24.cache", System.getenv("S24_CACHE_DIR"));
    if (own != null && !own.isBlank()) {
      return Path.of(own);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg != null && !xdg.isBlank()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home", "."), ".cache");
    return base.resolve("sparse24");
  }
}
