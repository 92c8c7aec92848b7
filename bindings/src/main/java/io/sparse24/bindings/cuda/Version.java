package io.sparse24.bindings.cuda;

import java.util.Comparator;

/**
 * The version of a vendor library.
 *
 * @param major its first number
 * @param minor its second
 * @param patch its third, 0 where the library has only two
 */
public record Version(int major, int minor, int patch) implements Comparable<Version> {
  private static final Comparator<Version> ORDER =
      Comparator.comparingInt(Version::major)
          .thenComparingInt(Version::minor)
          .thenComparingInt(Version::patch);

  @Override
  public int compareTo(Version other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
