package io.sparse24.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.api.SessionOptions;
import io.sparse24.api.reference.Tolerance;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;

/** A session, random matrices, and products of plain arrays in float64. */
final class Fixture implements AutoCloseable {
  static final List<DType> FLOATS = List.of(DType.F32, DType.BF16, DType.F16);

  final Session session;
  final Arena arena = Arena.ofShared();
  final long seed = Long.getLong("s24.seed", System.nanoTime());
  final Random random = new Random(seed);

  Fixture(String backend) {
    this(backend, SessionOptions.DEFAULT);
  }

  Fixture(String backend, SessionOptions options) {
    session = Backends.open(backend, options);
    System.out.println(backend + ": seed " + seed);
  }

  static Stream<String> backends() {
    return Stream.of("reference", "cpu")
        .filter(name -> !(name.equals("cpu") && Boolean.getBoolean("s24.native.skip")));
  }

  Matrix normal(long rows, long cols, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, (float) random.nextGaussian());
      }
    }
    return matrix;
  }

  /** Of NaN, which an output is before it is written. */
  Matrix blank(long rows, long cols, DType dtype) {
    Matrix matrix = Matrix.allocate(arena, rows, cols, dtype);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < cols; j++) {
        matrix.set(i, j, Float.NaN);
      }
    }
    return matrix;
  }

  Matrix copy(Matrix from) {
    Matrix matrix = Matrix.allocate(arena, from.rows(), from.cols(), from.dtype());
    matrix.segment().copyFrom(from.segment());
    return matrix;
  }

  static double[][] array(Matrix matrix) {
    double[][] array = new double[(int) matrix.rows()][(int) matrix.cols()];
    for (int i = 0; i < array.length; i++) {
      for (int j = 0; j < array[i].length; j++) {
        array[i][j] = matrix.get(i, j);
      }
    }
    return array;
  }

  static double[][] transpose(double[][] a) {
    double[][] out = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        out[j][i] = a[i][j];
      }
    }
    return out;
  }

  static boolean[][] transpose(boolean[][] a) {
    boolean[][] out = new boolean[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        out[j][i] = a[i][j];
      }
    }
    return out;
  }

  /** A B. */
  static double[][] product(double[][] a, double[][] b) {
    double[][] out = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int p = 0; p < b.length; p++) {
        for (int j = 0; j < b[0].length; j++) {
          out[i][j] += a[i][p] * b[p][j];
        }
      }
    }
    return out;
  }

  static double[][] sum(double[][] a, double factor, double[][] b) {
    double[][] out = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        out[i][j] = a[i][j] + factor * b[i][j];
      }
    }
    return out;
  }

  static double squaredNorm(double[][] a) {
    double sum = 0;
    for (double[] row : a) {
      for (double v : row) {
        sum += v * v;
      }
    }
    return sum;
  }

  /** ‖a − b‖ / ‖b‖. */
  static double deviation(double[][] a, double[][] b) {
    return Math.sqrt(squaredNorm(sum(a, -1, b)) / squaredNorm(b));
  }

  /**
   * By definition: of each {@code of} rows of each column the {@code keep} largest magnitudes, the
   * lower row on a tie.
   */
  static boolean[][] columnMask(double[][] w, int keep, int of) {
    boolean[][] mask = new boolean[w.length][w[0].length];
    for (int j = 0; j < w[0].length; j++) {
      for (int group = 0; group < w.length; group += of) {
        for (int i = group; i < group + of; i++) {
          int before = 0;
          for (int u = group; u < group + of; u++) {
            double a = Math.abs(w[u][j]);
            double b = Math.abs(w[i][j]);
            before += a > b || (a == b && u < i) ? 1 : 0;
          }
          mask[i][j] = before < keep;
        }
      }
    }
    return mask;
  }

  static double[][] masked(double[][] w, boolean[][] mask) {
    double[][] out = new double[w.length][w[0].length];
    for (int i = 0; i < w.length; i++) {
      for (int j = 0; j < w[0].length; j++) {
        out[i][j] = mask[i][j] ? w[i][j] : 0;
      }
    }
    return out;
  }

  static boolean[][] nonZero(double[][] w) {
    boolean[][] mask = new boolean[w.length][w[0].length];
    for (int i = 0; i < w.length; i++) {
      for (int j = 0; j < w[0].length; j++) {
        mask[i][j] = w[i][j] != 0;
      }
    }
    return mask;
  }

  void assertNear(double[][] expected, double[][] actual, Tolerance tolerance, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[0].length; j++) {
        assertTrue(
            tolerance.accepts(expected[i][j], actual[i][j]),
            what
                + " ["
                + i
                + ", "
                + j
                + "]: expected "
                + expected[i][j]
                + ", was "
                + actual[i][j]
                + ", "
                + tolerance
                + ", seed "
                + seed);
      }
    }
  }

  void assertNear(double[][] expected, Matrix actual, Tolerance tolerance, String what) {
    assertNear(expected, array(actual), tolerance, what);
  }

  void assertSame(Matrix expected, Matrix actual, String what) {
    long at = expected.segment().mismatch(actual.segment());
    assertEquals(-1, at, what + ": differs at byte " + at + ", seed " + seed);
  }

  static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  static Path save(Path folder, TrainableLinear layer) throws IOException {
    Path file = folder.resolve("state-" + System.nanoTime() + ".safetensors");
    try (SafetensorsWriter writer = new SafetensorsWriter(file, layer.state("w"), Map.of())) {
      layer.save("w", writer);
      writer.commit();
    }
    return file;
  }

  /** The master, by what a checkpoint has of it. */
  static double[][] master(Path folder, TrainableLinear layer) throws IOException {
    Path file = save(folder, layer);
    try (Safetensors tensors = Safetensors.open(file);
        Arena arena = Arena.ofConfined()) {
      return array(tensors.tensor("w.master").matrix(arena));
    } finally {
      Files.delete(file);
    }
  }

  @Override
  public void close() {
    session.close();
    arena.close();
  }
}
