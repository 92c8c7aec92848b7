package io.sparse24;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.bindings.Lapack;
import io.sparse24.bindings.LibraryLoadException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A symmetric matrix {@code [n, n]} of float64 in host memory, of which the upper triangle counts,
 * and what LAPACK makes of it.
 */
final class Symmetric {
  private final MemorySegment elements;
  private final int n;

  private Symmetric(MemorySegment elements, int n) {
    this.elements = elements;
    this.n = n;
  }

  static Symmetric allocate(Arena arena, int n) {
    return new Symmetric(arena.allocate((long) n * n * Double.BYTES, Double.BYTES), n);
  }

  int n() {
    return n;
  }

  /** Of the upper triangle: i is at most j. */
  double get(int i, int j) {
    return elements.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j);
  }

  void set(int i, int j, double value) {
    elements.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j, value);
  }

  double meanOfDiagonal() {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += get(i, i);
    }
    return sum / n;
  }

  void addToDiagonal(double value) {
    for (int i = 0; i < n; i++) {
      set(i, i, get(i, i) + value);
    }
  }

  /** Becomes U of A = UᵀU. */
  void factor() {
    require(lapack().cholesky(elements, n));
  }

  /** Becomes A⁻¹. */
  void invert() {
    factor();
    require(lapack().invert(elements, n));
  }

  private static void require(int row) {
    if (row != 0) {
      throw new Sparse24Exception.BadData(
          "gram: is not positive definite from row " + row + " on, though it was damped");
    }
  }

  /**
   * The largest eigenvalues, rising, and their vectors.
   *
   * @param values {@code count} of them
   * @param vectors F32 {@code [count, n]}, one a row
   */
  record Eigen(Values values, Matrix vectors) {}

  /** Numbers. */
  static final class Values {
    private final double[] all;

    Values(double... all) {
      this.all = all;
    }

    double get(int i) {
      return all[i];
    }
  }

  /** Destroys this one. */
  Eigen eigen(int count, Arena arena) {
    try (Arena work = Arena.ofShared()) {
      MemorySegment values = work.allocate((long) n * Double.BYTES, Double.BYTES);
      MemorySegment vectors = work.allocate((long) count * n * Double.BYTES, Double.BYTES);
      int info = lapack().eigen(elements, n, count, values, vectors);
      if (info != 0) {
        throw new Sparse24Exception.BadData("gram: its eigenvalues were not found (" + info + ")");
      }
      double[] found = new double[count];
      for (int i = 0; i < count; i++) {
        found[i] = values.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
      }
      Matrix rows = Matrix.allocate(arena, count, n, DType.F32);
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < n; j++) {
          rows.set(i, j, (float) vectors.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j));
        }
      }
      return new Eigen(new Values(found), rows);
    }
  }

  /** Rounded, the lower triangle like the upper. */
  Matrix full(Arena arena) {
    Matrix full = upper(arena);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        full.set(i, j, full.get(j, i));
      }
    }
    return full;
  }

  /** Rounded, 0 below the diagonal. */
  Matrix upper(Arena arena) {
    Matrix upper = Matrix.allocate(arena, n, n, DType.F32);
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        upper.set(i, j, (float) get(i, j));
      }
    }
    return upper;
  }

  static Lapack lapack() {
    try {
      return Lapack.open();
    } catch (LibraryLoadException e) {
      throw new Sparse24Exception.Unsupported(String.valueOf(e.getMessage()));
    }
  }
}
