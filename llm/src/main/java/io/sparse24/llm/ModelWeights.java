package io.sparse24.llm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a checkpoint, by name. Where {@code sparse}, dense weights of linear layers that
 * are 2:4 are taken as such.
 */
final class ModelWeights {
  private final Session session;
  private final Checkpoint checkpoint;
  private final boolean sparse;
  private final long rank;
  private final Map<String, Weight> weights = new HashMap<>();

  ModelWeights(Session session, Checkpoint checkpoint, boolean sparse) throws IOException {
    this.session = session;
    this.checkpoint = checkpoint;
    this.sparse = sparse;
    ObjectNode config = checkpoint.config();
    this.rank = config == null ? 0 : config.path(ModelFiles.ADAPTERS).path("rank").asLong(0);
    checkpoint.weights().forEach(weight -> weights.put(weight.name(), weight));
  }

  /** Rank of the adapters that the checkpoint has, 0 for none. */
  long adapterRank() {
    return rank;
  }

  Weight weight(String name, long... shape) throws IOException {
    Weight weight = weights.get(name);
    if (weight == null) {
      throw new IOException(checkpoint.path() + ": has no weight '" + name + "'");
    }
    List<Long> wanted = Arrays.stream(shape).boxed().toList();
    if (!weight.info().shape().equals(wanted)) {
      throw new IOException(
          checkpoint.path()
              + ": '"
              + name
              + "' is "
              + weight.info().shapeText()
              + ", config.json says "
              + wanted);
    }
    if (weight.info().type().dtype() == null) {
      throw new IOException(
          checkpoint.path()
              + ": '"
              + name
              + "' is "
              + weight.info().type()
              + ", must be F32, BF16 or F16");
    }
    return weight;
  }

  /** Dense, of a type, in the session's memory. */
  Matrix dense(Weight weight, DType dtype, Scratch memory) throws IOException {
    try (Arena arena = Arena.ofConfined();
        Scratch scratch = session.scratch()) {
      Matrix from;
      if (weight.isCompressed()) {
        Compressed24 compressed = compressed(weight, arena);
        from = scratch.matrix(compressed.n(), compressed.k(), compressed.dtype());
        session.decompress24(scratch.upload(compressed), from);
      } else {
        from = scratch.upload(weight.parts().getFirst().matrix(arena));
      }
      Matrix to = memory.matrix(from.rows(), from.cols(), dtype);
      session.cast(from, to);
      session.synchronize();
      return to;
    }
  }

  private Compressed24 compressed(Weight weight, Arena arena) throws IOException {
    List<Long> shape = weight.info().shape();
    Compressed24 out =
        Compressed24.allocate(arena, shape.getFirst(), shape.getLast(), weight.dtype());
    weight.read(out);
    return out;
  }

  ModelLinear linear(String module, long n, long k, DType dtype, long rows, Scratch memory)
      throws IOException {
    Weight weight = weight(module + Names.WEIGHT, n, k);
    Sparse24Matrix packed = packed(weight, dtype);
    ModelLinear linear =
        packed == null
            ? ModelLinear.dense(session, dense(weight, dtype, memory))
            : ModelLinear.sparse(session, packed);
    if (rank > 0 && weights.containsKey(module + Names.ADAPTER_L)) {
      linear.attach(
          new ModelLinear.Adapters(
              dense(weight(module + Names.ADAPTER_L, rank, k), dtype, memory),
              dense(weight(module + Names.ADAPTER_R, n, rank), dtype, memory),
              memory.matrix(rows, rank, dtype)));
    }
    return linear;
  }

  private @Nullable Sparse24Matrix packed(Weight weight, DType dtype) throws IOException {
    if (weight.dtype() != dtype) {
      return null;
    }
    try (Arena arena = Arena.ofConfined()) {
      if (weight.isCompressed()) {
        return Sparse24Matrix.of(session, compressed(weight, arena));
      }
      if (!sparse || weight.info().shape().getLast() % 4 != 0) {
        return null;
      }
      try {
        return Sparse24Matrix.ofDense(session, weight.parts().getFirst().matrix(arena));
      } catch (Sparse24Exception.BadData e) {
        return null; // not 2:4
      }
    }
  }
}
