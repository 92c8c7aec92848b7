package io.sparse24.llm;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * What one block hands to the next, of all samples: a file of {@code [samples, tokens, hidden
 * size]}, shorter samples with room behind them, mapped, so that the system keeps of it what there
 * is room for.
 */
final class HiddenStates implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final Shape shape;

  /** Its extents. */
  record Shape(int samples, int tokens, int hiddenSize, DType dtype) {
    long sampleBytes() {
      return (long) tokens * hiddenSize * dtype.bytes();
    }

    long bytes() {
      return samples * sampleBytes();
    }
  }

  private HiddenStates(Path file, Shape shape, boolean create) throws IOException {
    this.shape = shape;
    try (FileChannel channel =
        create
            ? FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)
            : FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (!create && channel.size() != shape.bytes()) {
        throw new IOException(
            file + ": has " + channel.size() + " bytes, must have " + shape.bytes());
      }
      this.segment = channel.map(FileChannel.MapMode.READ_WRITE, 0, shape.bytes(), arena);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  static HiddenStates create(Path part, Shape shape) throws IOException {
    return new HiddenStates(part, shape, true);
  }

  static HiddenStates open(Path file, Shape shape) throws IOException {
    return new HiddenStates(file, shape, false);
  }

  /** Host memory {@code [tokens, hidden size]}, of as many tokens as a sample has. */
  Matrix sample(int index, long tokens) {
    return Matrix.of(
        segment.asSlice(
            index * shape.sampleBytes(), tokens * shape.hiddenSize() * shape.dtype().bytes()),
        tokens,
        shape.hiddenSize(),
        shape.dtype());
  }

  /** Brings what was written to the disk and to its name, and unmaps it. */
  void commit(Path part, Path file) throws IOException {
    segment.force();
    close();
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
