package io.sparse24.bindings.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The head of a 64-bit shared library, looked at before it is opened: {@link
 * java.lang.foreign.SymbolLookup} does not say why a file can't be, and one that is cut off would
 * end the JVM.
 */
final class ElfHeader {
  private static final int BYTES = 64;
  private static final int MAGIC = 0x7f454c46;
  private static final int MACHINE = 18;
  private static final int SECTIONS = 40;
  private static final int SECTION_BYTES = 58;
  private static final int SECTION_COUNT = 60;

  private static final int X86_64 = 62;
  private static final int AARCH64 = 183;

  private ElfHeader() {}

  /**
   * Checks that a file is a library for this machine, and whole.
   *
   * @throws IOException if it is not, with what it is instead
   */
  static void check(Path file) throws IOException {
    ByteBuffer head;
    try (InputStream in = Files.newInputStream(file)) {
      head = ByteBuffer.wrap(in.readNBytes(BYTES));
    }
    if (head.capacity() < BYTES || head.getInt(0) != MAGIC) {
      throw new IOException("is no ELF library");
    }
    head.order(ByteOrder.LITTLE_ENDIAN);
    int machine = head.getShort(MACHINE) & 0xffff;
    int here = System.getProperty("os.arch", "").equals("aarch64") ? AARCH64 : X86_64;
    if (machine != here) {
      throw new IOException("is for " + name(machine) + ", this machine is " + name(here));
    }
    // The table of sections ends the file.
    long end =
        head.getLong(SECTIONS)
            + (long) (head.getShort(SECTION_BYTES) & 0xffff)
                * (head.getShort(SECTION_COUNT) & 0xffff);
    if (Files.size(file) < end) {
      throw new IOException("is cut off: " + Files.size(file) + " of " + end + " bytes");
    }
  }

  private static String name(int machine) {
    return switch (machine) {
      case X86_64 -> "x86_64";
      case AARCH64 -> "aarch64";
      default -> "ELF machine " + machine;
    };
  }
}
