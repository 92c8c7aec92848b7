package io.sparse24.llm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Text to train on, as bytes, each a token: a file, all files of a folder, or all entries of a zip,
 * such as the JDK's {@code src.zip}. What is not UTF-8 is passed over; a byte 0, which no text has,
 * ends each. Of 50 texts the last is held out for validation; of fewer the last twentieth of all.
 */
public final class Corpus {
  /** Which part of it. */
  public enum Part {
    /** What is trained on. */
    TRAINING,
    /** What is held out. */
    HELD_OUT
  }

  /** The token between texts. */
  static final byte END = 0;

  private static final int HELD_OUT = 50;
  private static final int LAST_PART = 20;
  private static final int MAX_TEXT = 64 << 20;

  private final Bytes training = new Bytes();
  private final Bytes heldOut = new Bytes();
  private final Path path;
  private final int texts;
  private final int passedOver;
  private final long checksum;

  /** Pieces behind each other. */
  private static final class Bytes {
    private final List<byte[]> pieces = new ArrayList<>();
    private long[] starts = {};
    private long size;

    void add(byte[] piece) {
      if (pieces.size() == starts.length) {
        starts = Arrays.copyOf(starts, Math.max(16, 2 * starts.length));
      }
      starts[pieces.size()] = size;
      pieces.add(piece);
      size += piece.length;
    }

    void copy(long from, int[] to) {
      int found = Arrays.binarySearch(starts, 0, pieces.size(), from);
      int piece = found >= 0 ? found : -found - 2;
      int at = (int) (from - starts[piece]);
      byte[] bytes = pieces.get(piece);
      for (int i = 0; i < to.length; i++) {
        while (at == bytes.length) {
          bytes = pieces.get(++piece);
          at = 0;
        }
        to[i] = bytes[at++] & 0xFF;
      }
    }
  }

  private Corpus(Path path, List<byte[]> texts, int passedOver) {
    this.path = path;
    this.texts = texts.size();
    this.passedOver = passedOver;
    CRC32C sum = new CRC32C();
    texts.forEach(sum::update);
    this.checksum = sum.getValue();
    if (texts.size() >= HELD_OUT) {
      for (int i = 0; i < texts.size(); i++) {
        (i % HELD_OUT == HELD_OUT - 1 ? heldOut : training).add(texts.get(i));
      }
      return;
    }
    long total = texts.stream().mapToLong(text -> text.length).sum();
    long left = total - total / LAST_PART;
    for (byte[] text : texts) {
      int here = (int) Math.min(left, text.length);
      left -= here;
      if (here > 0) {
        training.add(Arrays.copyOf(text, here));
      }
      if (here < text.length) {
        heldOut.add(Arrays.copyOfRange(text, here, text.length));
      }
    }
  }

  /**
   * Reads all of it, in the order of the names.
   *
   * @param path file, folder or zip
   * @return the text
   * @throws IOException if there is none, or it can't be read
   */
  public static Corpus read(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    Collector collector = new Collector();
    if (Files.isDirectory(path)) {
      folder(path, collector);
    } else if (isZip(path)) {
      zip(path, collector);
    } else if (Files.isRegularFile(path)) {
      collector.file(path);
    } else {
      throw new IOException(path + ": is neither a file nor a folder");
    }
    if (collector.texts.isEmpty()) {
      throw new IOException(
          path
              + ": has no text"
              + (collector.passedOver > 0
                  ? ": all " + collector.passedOver + " files are not UTF-8, or too large"
                  : ""));
    }
    return new Corpus(path, collector.texts, collector.passedOver);
  }

  private static final class Collector {
    final List<byte[]> texts = new ArrayList<>();
    int passedOver;

    void file(Path file) throws IOException {
      try (InputStream in = Files.newInputStream(file)) {
        read(in);
      }
    }

    /** A large text in pieces, as an array holds no more; cut where a line ends. */
    void read(InputStream in) throws IOException {
      byte[] rest = {};
      while (true) {
        byte[] next = in.readNBytes(MAX_TEXT - rest.length);
        byte[] piece = Arrays.copyOf(rest, rest.length + next.length);
        System.arraycopy(next, 0, piece, rest.length, next.length);
        boolean last = piece.length < MAX_TEXT;
        int end = last ? piece.length : lineEnd(piece);
        take(Arrays.copyOf(piece, end));
        rest = Arrays.copyOfRange(piece, end, piece.length);
        if (last) {
          return;
        }
      }
    }

    private static int lineEnd(byte[] piece) {
      int end = piece.length;
      while (end > 1 && piece[end - 1] != '\n') {
        end--;
      }
      return end > 1 ? end : piece.length;
    }

    private void take(byte[] bytes) {
      if (bytes.length == 0) {
        return;
      }
      if (!isText(bytes)) {
        passedOver++;
        return;
      }
      byte[] text = Arrays.copyOf(bytes, bytes.length + 1);
      text[bytes.length] = END;
      texts.add(text);
    }

    private static boolean isText(byte[] bytes) {
      for (byte b : bytes) {
        if (b == END) {
          return false;
        }
      }
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        return true;
      } catch (CharacterCodingException e) {
        return false;
      }
    }
  }

  private static void folder(Path path, Collector collector) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(path)) {
      files =
          walk.filter(Files::isRegularFile)
              .filter(file -> !path.relativize(file).toString().startsWith("."))
              .sorted(Comparator.comparing(file -> path.relativize(file).toString()))
              .toList();
    }
    for (Path file : files) {
      collector.file(file);
    }
  }

  private static boolean isZip(Path path) {
    String name = path.toString();
    return name.endsWith(".zip") || name.endsWith(".jar");
  }

  private static void zip(Path path, Collector collector) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      List<ZipEntry> entries =
          zip.stream()
              .filter(entry -> !entry.isDirectory())
              .sorted(Comparator.comparing(ZipEntry::getName))
              .map(entry -> (ZipEntry) entry)
              .toList();
      for (ZipEntry entry : entries) {
        try (InputStream in = zip.getInputStream(entry)) {
          collector.read(in);
        }
      }
    } catch (ZipException e) {
      throw new IOException(path + ": is no good zip: " + e.getMessage(), e);
    }
  }

  /**
   * Where it was read.
   *
   * @return the path
   */
  public Path path() {
    return path;
  }

  /**
   * Texts that were read.
   *
   * @return how many
   */
  public int texts() {
    return texts;
  }

  /**
   * Files that are no text.
   *
   * @return how many
   */
  public int passedOver() {
    return passedOver;
  }

  /**
   * Size.
   *
   * @param part of which part
   * @return tokens
   */
  public long tokens(Part part) {
    return bytes(part).size;
  }

  /**
   * Some of its tokens.
   *
   * @param part which part
   * @param from the first, less than {@link #tokens}
   * @param most how many at most
   * @return as many as there are from there
   */
  public int[] tokens(Part part, long from, int most) {
    if (from < 0 || from >= tokens(part) || most < 1) {
      throw new IllegalArgumentException(
          "from: is " + from + " for " + most + " tokens, there are " + tokens(part));
    }
    int[] tokens = new int[(int) Math.min(most, tokens(part) - from)];
    copy(part, from, tokens);
    return tokens;
  }

  /** What tells it from another text. */
  String fingerprint() {
    return training.size + heldOut.size + " bytes, CRC-32C " + Long.toHexString(checksum);
  }

  private Bytes bytes(Part part) {
    return part == Part.TRAINING ? training : heldOut;
  }

  /**
   * Tokens from some place on.
   *
   * @param part of which part
   * @param from the first one
   * @param to as many as it has room for
   */
  void copy(Part part, long from, int[] to) {
    bytes(part).copy(from, to);
  }

  /** Where a random crop of so many tokens begins. */
  long crop(RandomGenerator random, int tokens) {
    return random.nextLong(training.size - tokens + 1);
  }

  /** Both parts must hold a sequence and the token behind it. */
  void requireSequences(int sequence) throws IOException {
    for (Part part : Part.values()) {
      if (bytes(part).size < sequence + 1L) {
        throw new IOException(
            path
                + ": its "
                + (part == Part.TRAINING ? "training" : "held-out")
                + " part has "
                + bytes(part).size
                + " tokens, a sequence needs "
                + (sequence + 1L)
                + "; name more text or a smaller --seq");
      }
    }
  }
}
