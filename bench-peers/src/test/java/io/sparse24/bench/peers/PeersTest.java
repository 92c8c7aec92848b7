package io.sparse24.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.bench.Peer;
import io.sparse24.bench.Peers;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every peer computes Y = X Wᵀ, on shapes that fit nothing. */
final class PeersTest {
  private static final Peers PEERS = Peers.load();

  private static final int[][] SHAPES = {
    {1, 1, 4}, {1, 33, 12}, {3, 5, 68}, {4, 4, 64}, {7, 97, 132}, {17, 130, 260}, {65, 64, 128}
  };

  @Test
  void allOfThemLoad() {
    assertEquals(Map.of(), PEERS.missing());
    assertEquals(7, PEERS.found().size());
    for (Peer peer : PEERS.found()) {
      assertFalse(peer.version().isEmpty() || peer.version().equals("unknown"), peer.name());
      assertTrue(peer.id().matches("[a-z0-9:-]+"), peer.id());
      assertTrue(peer.multiplies(DType.F32, 64), peer.name());
    }
  }

  static Stream<Arguments> everyProduct() {
    List<Arguments> list = new ArrayList<>();
    for (Peer peer : PEERS.found()) {
      for (DType dtype : DType.values()) {
        for (int[] shape : SHAPES) {
          for (int threads = 1; threads <= 2; threads++) {
            if (peer.multiplies(dtype, shape[2])) {
              list.add(Arguments.of(peer, dtype, shape, threads));
            }
          }
        }
      }
    }
    return list.stream();
  }

  private static Matrix random(Arena arena, int rows, int cols, DType dtype, Random random) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }

  /** Keeps two of each four, at random. */
  private static void prune(Matrix w, Random random) {
    for (long i = 0; i < w.rows(); i++) {
      for (long g = 0; g < w.cols(); g += 4) {
        int first = random.nextInt(4);
        w.set(i, g + first, 0);
        w.set(i, g + (first + 1 + random.nextInt(3)) % 4, 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyProduct")
  void agreesWithTheOracle(Peer peer, DType dtype, int[] shape, int threads) {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    try (Arena arena = Arena.ofShared()) {
      Matrix x = random(arena, shape[0], shape[2], dtype, random);
      Matrix w = random(arena, shape[1], shape[2], dtype, random);
      if (peer.sparse()) {
        prune(w, random);
      }
      try (Peer.Product product = peer.prepare(x, w, 3, threads)) {
        // Every copy, and the first once more.
        for (int call = 0; call < 4; call++) {
          product.y().segment().fill((byte) 0xA5);
          product.run();
          compare(x, w, product.y(), peer.name() + ", seed " + seed + ", call " + call);
        }
      }
    }
  }

  private static void compare(Matrix x, Matrix w, Matrix y, String what) {
    assertEquals(x.rows(), y.rows());
    assertEquals(w.rows(), y.cols());
    Tolerance tolerance = Tolerance.gemm(y.dtype(), x.cols(), 1);
    for (long i = 0; i < y.rows(); i++) {
      for (long j = 0; j < y.cols(); j++) {
        double expected = 0;
        for (long p = 0; p < x.cols(); p++) {
          expected += (double) x.get(i, p) * w.get(j, p);
        }
        float actual = y.get(i, j);
        if (!tolerance.accepts(expected, actual)) {
          throw new AssertionError(
              "%s: y[%d, %d] is %s, the oracle has %s".formatted(what, i, j, actual, expected));
        }
      }
    }
  }

  @Test
  void theSparsePeerRefusesADenseWeight() {
    try (Arena arena = Arena.ofShared()) {
      Matrix x = random(arena, 1, 16, DType.F32, new Random(1));
      Matrix w = random(arena, 4, 16, DType.F32, new Random(2));
      assertThrows(IllegalArgumentException.class, () -> new VectorApi24().prepare(x, w, 1, 1));
    }
  }
}
