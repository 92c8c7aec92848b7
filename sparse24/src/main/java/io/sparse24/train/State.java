package io.sparse24.train;

import io.sparse24.api.Buffer;
import io.sparse24.api.HostBuffer;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.Tensor;
import io.sparse24.format.TensorInfo;
import io.sparse24.format.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A layer's state as tensors of a checkpoint: buffers bit for bit, and counters. */
final class State {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private sealed interface Part {
    TensorInfo info();
  }

  private record Bytes(TensorInfo info, Buffer buffer) implements Part {}

  private record Counter(TensorInfo info, LongSupplier get, LongConsumer set) implements Part {}

  private final Session session;
  private final List<Part> parts = new ArrayList<>();

  State(Session session) {
    this.session = session;
  }

  void buffer(String name, TensorType type, Buffer buffer, long... shape) {
    parts.add(new Bytes(TensorInfo.of(name, type, shape), buffer));
  }

  void counter(String name, LongSupplier get, LongConsumer set) {
    parts.add(new Counter(TensorInfo.of(name, TensorType.I64, 1), get, set));
  }

  List<TensorInfo> infos() {
    return parts.stream().map(Part::info).toList();
  }

  void save(SafetensorsWriter to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      for (Part part : parts) {
        MemorySegment bytes = arena.allocate(part.info().bytes(), 64);
        switch (part) {
          case Bytes from -> session.copy(from.buffer(), HostBuffer.wrap(bytes));
          case Counter from -> bytes.set(LONG, 0, from.get().getAsLong());
        }
        to.write(bytes);
      }
    }
  }

  /** Nothing is changed if a tensor is not there or not of this layer. */
  void restore(Safetensors from) throws IOException {
    for (Part part : parts) {
      TensorInfo is = from.tensor(part.info().name()).info();
      if (!is.equals(part.info())) {
        throw new IllegalArgumentException(
            "from: tensor "
                + is.name()
                + " is "
                + is.type()
                + " "
                + is.shapeText()
                + ", must be "
                + part.info().type()
                + " "
                + part.info().shapeText());
      }
      if (part instanceof Counter && count(from, part) < 0) {
        throw new IllegalArgumentException(
            "from: tensor " + is.name() + " is " + count(from, part) + ", must be at least 0");
      }
    }
    for (Part part : parts) {
      switch (part) {
        case Bytes to ->
            session.copy(HostBuffer.wrap(from.tensor(to.info().name()).segment()), to.buffer());
        case Counter to -> to.set().accept(count(from, to));
      }
    }
  }

  private static long count(Safetensors from, Part counter) throws IOException {
    return from.tensor(counter.info().name()).segment().get(LONG, 0);
  }

  /** The tensor of a name, if it is there. */
  static @Nullable Tensor find(Safetensors from, String name) {
    for (Tensor tensor : from.tensors()) {
      if (tensor.name().equals(name)) {
        return tensor;
      }
    }
    return null;
  }
}
