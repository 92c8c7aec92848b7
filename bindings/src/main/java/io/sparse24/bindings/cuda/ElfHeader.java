package io.sparse24.bindings.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The head of a 64-bit shared library, looked at before it is opened: {@link
 * java.lang.foreign.SymbolLookup} does not say why a file can't be, and one that is cut off would
 * end the JVM.
 */
final class ElfHeader {
  private static final int BYTES = 64;
  private static final int MAGIC = 0x7f454c46;
  private static final int CLASS = 4;
  private static final int CLASS_64 = 2;
  private static final int MACHINE = 18;
  private static final int SEGMENTS = 32;
  private static final int SEGMENT_BYTES = 54;
  private static final int SEGMENT_COUNT = 56;

  /** Of a segment: its type, its place in the file, its bytes there. */
  private static final int TYPE = 0;

  private static final int OFFSET = 8;
  private static final int FILE_BYTES = 32;
  private static final int LOADED = 1;

  private static final int X86_64 = 62;
  private static final int AARCH64 = 183;

  private ElfHeader() {}

  /**
   * Checks that a file is a library for this machine, and whole.
   *
   * @throws IOException if it is not, with what it is instead
   */
  static void check(Path file) throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      if (in.size() < Integer.BYTES || read(in, 0, Integer.BYTES).getInt(0) != MAGIC) {
        throw new IOException("is no ELF library");
      }
      ByteBuffer head = read(in, 0, BYTES);
      if (head.get(CLASS) != CLASS_64) {
        throw new IOException("is no ELF library of 64 bits");
      }
      head.order(ByteOrder.LITTLE_ENDIAN);
      int machine = head.getShort(MACHINE) & 0xffff;
      int here = System.getProperty("os.arch", "").equals("aarch64") ? AARCH64 : X86_64;
      if (machine != here) {
        throw new IOException("is for " + name(machine) + ", this machine is " + name(here));
      }
      int bytes = head.getShort(SEGMENT_BYTES) & 0xffff;
      for (int i = 0; i < (head.getShort(SEGMENT_COUNT) & 0xffff); i++) {
        checkSegment(in, head.getLong(SEGMENTS) + (long) i * bytes);
      }
    }
  }

  /** What the loader will map must be in the file. */
  private static void checkSegment(FileChannel in, long at) throws IOException {
    ByteBuffer segment = read(in, at, FILE_BYTES + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long offset = segment.getLong(OFFSET);
    long bytes = segment.getLong(FILE_BYTES);
    if (segment.getInt(TYPE) == LOADED
        && (offset < 0 || bytes < 0 || bytes > in.size() || offset > in.size() - bytes)) {
      throw new IOException("is cut off: has " + in.size() + " bytes, a segment ends behind them");
    }
  }

  private static ByteBuffer read(FileChannel in, long at, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining() && at >= 0) {
      if (in.read(buffer, at + buffer.position()) < 0) {
        break;
      }
    }
    if (buffer.hasRemaining()) {
      throw new IOException("is cut off: has " + in.size() + " bytes");
    }
    return buffer;
  }

  private static String name(int machine) {
    return switch (machine) {
      case X86_64 -> "x86_64";
      case AARCH64 -> "aarch64";
      default -> "ELF machine " + machine;
    };
  }
}
