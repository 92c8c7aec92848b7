package io.sparse24.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes one safetensors file: all tensors are declared, then their bytes given in order, in
 * pieces. The file appears under its name only when whole ({@link #commit}).
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int PIECE = 16 << 20;

  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final List<TensorInfo> tensors;
  private int current;
  private long left;

  /**
   * Starts a file.
   *
   * @param target where it will appear; must not exist
   * @param tensors all tensors in order, names differ
   * @param metadata the strings of {@code __metadata__}
   * @throws java.nio.file.FileAlreadyExistsException if the target exists
   * @throws IOException if it can't be written
   * @throws IllegalArgumentException if a name is there twice or no header can hold it
   */
  public SafetensorsWriter(Path target, List<TensorInfo> tensors, Map<String, String> metadata)
      throws IOException {
    checkNames(tensors);
    Temporary.requireAbsent(target);
    this.target = target;
    this.tensors = List.copyOf(tensors);
    byte[] header = Header.write(this.tensors, metadata);
    this.left = tensors.isEmpty() ? 0 : tensors.get(0).bytes();
    this.part = Temporary.beside(target);
    this.channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      put(ByteBuffer.wrap(header));
      skipEmpty();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Names that a header can hold, each once. */
  static void checkNames(List<TensorInfo> tensors) {
    Set<String> names = new HashSet<>();
    for (TensorInfo tensor : tensors) {
      if (!Header.isName(tensor.name())) {
        throw new IllegalArgumentException("tensors: '" + tensor.name() + "' can't be a name");
      }
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException("tensors: '" + tensor.name() + "' is there twice");
      }
    }
  }

  private void put(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Goes on to the next tensor that has bytes to come. */
  private void skipEmpty() {
    while (current < tensors.size() && left == 0) {
      current++;
      left = current < tensors.size() ? tensors.get(current).bytes() : 0;
    }
  }

  /**
   * Writes the next bytes of the current tensor.
   *
   * @param bytes a piece of it, or all
   * @throws IOException if it can't be written
   */
  public void write(MemorySegment bytes) throws IOException {
    if (bytes.byteSize() == 0) {
      return;
    }
    if (bytes.byteSize() > left) {
      throw new IllegalStateException(
          current == tensors.size()
              ? "all tensors are written"
              : "tensor '"
                  + tensors.get(current).name()
                  + "' has "
                  + left
                  + " bytes left, not "
                  + bytes.byteSize());
    }
    for (long at = 0; at < bytes.byteSize(); at += PIECE) {
      put(bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at)).asByteBuffer());
    }
    left -= bytes.byteSize();
    skipEmpty();
  }

  /**
   * Brings the file to the disk and to its name.
   *
   * @throws IOException if that fails
   * @throws IllegalStateException if bytes are missing
   */
  public void commit() throws IOException {
    if (current < tensors.size()) {
      throw new IllegalStateException(
          "tensor '" + tensors.get(current).name() + "' lacks " + left + " bytes");
    }
    channel.force(true);
    channel.close();
    Temporary.rename(part, target);
  }

  /** Without {@link #commit} before, leaves nothing. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(part);
  }
}
