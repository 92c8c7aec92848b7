package io.sparse24.format;

import io.sparse24.api.internal.LeakReport;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One safetensors file, memory-mapped. The file must not be cut short while it is open: reading a
 * page that is no longer there raises SIGBUS, which is an {@link InternalError} in Java code and
 * ends the JVM in native code. To replace an open file, rename a new one over it.
 */
public final class Safetensors implements AutoCloseable {
  private final Path file;
  private final Arena arena;
  private final @Nullable LeakReport leak;
  private final Map<String, String> metadata;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private Safetensors(Path file, Arena arena, MemorySegment data, Header header) {
    this.file = file;
    this.arena = arena;
    this.leak = LeakReport.watch(this, file.toString());
    this.metadata = Collections.unmodifiableMap(header.metadata());
    for (Header.Entry entry : header.entries()) {
      MemorySegment bytes = data.asSlice(entry.begin(), entry.end() - entry.begin());
      tensors.put(entry.info().name(), new Tensor(file, entry.info(), bytes));
    }
  }

  /**
   * Maps a file and checks its header.
   *
   * @param file the file
   * @return closed by the caller
   * @throws FormatException if it is no good safetensors file, with the reason
   * @throws IOException if it can't be read
   */
  @SuppressWarnings(
      "MustBeClosedChecker") // the arena is closed with the object, or here on failure
  public static Safetensors open(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe would wait
      throw new FormatException(
          file, "is " + (Files.isDirectory(file) ? "a directory" : "no regular file"));
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw new FormatException(
            file, "has " + size + " bytes, too few for a safetensors file (truncated?)");
      }
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      long length =
          mapped.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
      if (length < 0 || length > Header.MAX_BYTES) {
        throw new FormatException(
            file,
            "is no safetensors file: its first 8 bytes would be a header of "
                + Long.toUnsignedString(length)
                + " bytes, the limit is "
                + Header.MAX_BYTES);
      }
      if (length > size - 8) {
        throw new FormatException(
            file,
            "its header should have "
                + length
                + " bytes, the file has "
                + (size - 8)
                + " behind the length (truncated?)");
      }
      byte[] json = mapped.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
      Header header = Header.parse(file, json, size - 8 - length);
      return new Safetensors(file, arena, mapped.asSlice(8 + length), header);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * The file.
   *
   * @return its path
   */
  public Path file() {
    return file;
  }

  /**
   * All tensors, in the header's order.
   *
   * @return unmodifiable
   */
  public Collection<Tensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  /**
   * One tensor.
   *
   * @param name its name
   * @return the tensor
   * @throws FormatException if there is none
   */
  public Tensor tensor(String name) throws FormatException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new FormatException(file, "has no tensor " + FormatException.quote(name));
    }
    return tensor;
  }

  /**
   * The strings of {@code __metadata__}.
   *
   * @return unmodifiable
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Unmaps the file; its tensors can't be read any more. A second call does nothing. */
  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    arena.close();
    if (leak != null) {
      leak.closed();
    }
  }
}
