package io.sparse24;

import static io.sparse24.DoubleMatrices.cholesky;
import static io.sparse24.DoubleMatrices.minus;
import static io.sparse24.DoubleMatrices.norm;
import static io.sparse24.DoubleMatrices.singularValues;
import static io.sparse24.DoubleMatrices.times;
import static io.sparse24.DoubleMatrices.transposed;
import static io.sparse24.Fixture.doubles;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Low-rank terms against the singular values of what they are to replace, in float64. */
final class LowRankTermTest {
  private final Fixture fixture = new Fixture();

  static Stream<String> backends() {
    return PrunerTest.backends();
  }

  /** Of both shapes: no other term of the rank has a smaller error. */
  @ParameterizedTest
  @MethodSource("backends")
  void lowRankTermsAreTheBestOfTheirRank(String backend) {
    for (int[] shape : new int[][] {{12, 40}, {40, 12}, {16, 16}}) {
      int n = shape[0];
      int k = shape[1];
      double[][] w = fixture.normal(n, k);
      double[][] x = fixture.inputs(200, k);
      double[][] root = cholesky(times(transposed(x), x));
      try (Session session = Backends.open(backend);
          Gram gram = fixture.gram(session, x)) {
        Matrix pruned = Matrix.allocate(fixture.arena, n, k, DType.F32);
        Pruner.magnitude().pruneDense(session, fixture.host(w, DType.F32), Pattern.P2_4, pruned);
        double[][] error = minus(w, doubles(pruned));
        for (int rank : new int[] {1, 5, Math.min(n, k)}) {
          LowRankTerm svd =
              LowRankTerm.of(
                  session, fixture.host(w, DType.F32), pruned, rank, null, fixture.arena);
          double[][] left = minus(error, times(doubles(svd.r()), doubles(svd.l())));
          String where = n + " x " + k + " rank " + rank + ", seed " + fixture.seed;
          assertEquals(
              tail(singularValues(error), rank), norm(left), 1e-4 * norm(error), "svd " + where);
          LowRankTerm eora =
              LowRankTerm.of(
                  session, fixture.host(w, DType.F32), pruned, rank, gram, fixture.arena);
          double[][] behind =
              times(minus(error, times(doubles(eora.r()), doubles(eora.l()))), root);
          assertEquals(
              tail(singularValues(times(error, root)), rank),
              norm(behind),
              2e-3 * norm(times(error, root)),
              "eora " + where);
        }
        Matrix host = fixture.host(w, DType.F32);
        assertThrows(
            IllegalArgumentException.class,
            () -> LowRankTerm.of(session, host, pruned, 13 + Math.min(n, k), null, fixture.arena));
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LowRankTerm.of(session, host, fixture.host(x, DType.F32), 1, null, fixture.arena));
      }
    }
  }

  private static double tail(double[] values, int rank) {
    double sum = 0;
    for (int i = rank; i < values.length; i++) {
      sum += values[i] * values[i];
    }
    return Math.sqrt(sum);
  }
}
