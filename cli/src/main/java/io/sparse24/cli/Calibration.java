package io.sparse24.cli;

import io.sparse24.ColumnNorms;
import io.sparse24.Gram;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.Checkpoint;
import io.sparse24.format.Tensor;
import io.sparse24.format.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A calibration file: for each weight a tensor of the weight's own name, {@code [tokens, k]} of the
 * layer's inputs or {@code [k]} of their column L2 norms. For scores that a router weighs there is
 * {@code NAME.router} beside inputs, {@code [tokens]} of its weights for that expert.
 */
final class Calibration implements AutoCloseable {
  /** Tokens a call; bounds the copy on a device. */
  private static final long ROWS = 4096;

  private static final String ROUTER = ".router";

  private final Path file;
  private final boolean routed;
  private final Checkpoint checkpoint;
  private final Map<String, Tensor> tensors = new HashMap<>();

  Calibration(Path file, boolean routed) throws IOException {
    this.file = file;
    this.routed = routed;
    this.checkpoint = Checkpoint.open(file);
    checkpoint.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /** Checked for every weight before any work is done. */
  void check(Weight weight) {
    Tensor tensor = tensors.get(weight.name());
    if (tensor == null) {
      throw new IllegalArgumentException(
          file
              + ": has no tensor '"
              + weight.name()
              + "' with the inputs of that weight"
              + " (exclude the weight with --exclude, or add it)");
    }
    long k = weight.info().shape().get(1);
    if (!tensor.isMatrix() || tensor.info().shape().getLast() != k) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + weight.name()
              + "' is "
              + tensor.info().type()
              + " "
              + tensor.info().shapeText()
              + ", must be [tokens, "
              + k
              + "] or ["
              + k
              + "] of F32, BF16 or F16");
    }
    List<Long> shape = tensor.info().shape();
    if (routed && shape.size() == 2) {
      checkRouter(weight.name() + ROUTER, shape.getFirst());
    }
  }

  private void checkRouter(String name, long tokens) {
    Tensor router = tensors.get(name);
    if (router == null || !router.isMatrix() || !router.info().shape().equals(List.of(tokens))) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + name
              + "' is "
              + (router == null ? "missing" : router.info().type() + router.info().shapeText())
              + ", must be ["
              + tokens
              + "] of F32, BF16 or F16, the router's weight for each token of the inputs");
    }
  }

  /** Inputs themselves must be there: norms do not say how they depend on each other. */
  void checkInputs(Weight weight) {
    Tensor tensor = Objects.requireNonNull(tensors.get(weight.name()));
    if (tensor.info().shape().size() != 2) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + weight.name()
              + "' has norms only, the Gram matrix needs inputs [tokens, "
              + weight.info().shape().getLast()
              + "]");
    }
  }

  Gram gram(Session session, Weight weight) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Matrix given = checkpoint.tensor(weight.name()).matrix(arena);
      Gram gram = new Gram(session, given.cols());
      try {
        for (long row = 0; row < given.rows(); row += ROWS) {
          gram.add(given.rowSlice(row, Math.min(row + ROWS, given.rows())));
        }
        return gram;
      } catch (RuntimeException e) {
        gram.close();
        throw e;
      }
    }
  }

  ColumnNorms norms(Session session, Weight weight) throws IOException {
    Tensor tensor = checkpoint.tensor(weight.name());
    try (Arena arena = Arena.ofConfined()) {
      Matrix given = tensor.matrix(arena);
      if (tensor.info().shape().size() == 1) {
        return ColumnNorms.ofNorms(session, given);
      }
      Matrix router = routed ? checkpoint.tensor(weight.name() + ROUTER).matrix(arena) : null;
      ColumnNorms norms = new ColumnNorms(session, given.cols());
      try {
        for (long row = 0; row < given.rows(); row += ROWS) {
          long to = Math.min(row + ROWS, given.rows());
          if (router == null) {
            norms.add(given.rowSlice(row, to), to - row);
          } else {
            norms.addRouted(given.rowSlice(row, to), weights(router, row, to), to - row);
          }
        }
        return norms;
      } catch (RuntimeException e) {
        norms.close();
        throw e;
      }
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          file + ": tensor '" + weight.name() + "': " + e.getMessage(), e);
    }
  }

  private static float[] weights(Matrix router, long from, long to) {
    float[] weights = new float[(int) (to - from)];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = router.get(0, from + i);
    }
    return weights;
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
