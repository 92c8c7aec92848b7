package io.sparse24.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The routines of LAPACK that pruning needs, of symmetric matrices {@code [n, n]} of float64,
 * row-major without gaps. They are called as Fortran has them, which every build of LAPACK exports:
 * all arguments by address, integers of 32 bits, the lengths of texts behind. Fortran takes rows
 * for columns, so its lower triangle is the upper one here.
 *
 * <p>The library is looked for once, see {@link #open}, and stays open until the JVM ends.
 */
public final class Lapack {
  /** Most rows: LAPACK counts elements of its workspace in 32 bits. */
  public static final int MAX_N = 32_768;

  private static final Linker LINKER = Linker.nativeLinker();

  private static @Nullable Lapack instance;

  private final String source;
  private final MethodHandle potrf;
  private final MethodHandle potri;
  private final MethodHandle syevr;

  private Lapack(LapackPlaces.Found found) throws LibraryLoadException {
    this.source = found.source();
    this.potrf = find(found, "dpotrf_", 5, 1);
    this.potri = find(found, "dpotri_", 5, 1);
    this.syevr = find(found, "dsyevr_", 21, 3);
  }

  private static MethodHandle find(LapackPlaces.Found found, String name, int values, int texts)
      throws LibraryLoadException {
    MemoryLayout[] arguments = new MemoryLayout[values + texts];
    Arrays.fill(arguments, 0, values, ADDRESS);
    Arrays.fill(arguments, values, arguments.length, JAVA_LONG);
    SymbolLookup library = found.library();
    MemorySegment function =
        library
            .find(name)
            .orElseThrow(() ->
                new LibraryLoadException(
                    "LAPACK", List.of(found.source() + ": exports no " + name)));
    return LINKER.downcallHandle(function, FunctionDescriptor.ofVoid(arguments));
  }

  /**
   * The library, in this order: the file that the system property {@code
   * io.sparse24.library.lapack} names, or the environment variable {@code S24_LIBRARY_LAPACK} (an
   * order: if it can't be used, nothing else is tried); OpenBLAS in the jar {@code
   * org.bytedeco:openblas} with the platform's classifier on the class or module path, of which
   * only the library is used; {@code libopenblas.so.0} or {@code liblapack.so.3} of the system.
   *
   * @return the routines
   * @throws LibraryLoadException if there is none, with each place that was tried
   */
  public static synchronized Lapack open() throws LibraryLoadException {
    Lapack lapack = instance;
    if (lapack == null) {
      lapack = new Lapack(LapackPlaces.find());
      instance = lapack;
    }
    return lapack;
  }

  /**
   * Where the library came from.
   *
   * @return a file, a jar or the loader's name
   */
  public String source() {
    return source;
  }

  /**
   * Cholesky's factor U of A = Uᵀ U.
   *
   * @param a A {@code [n, n]} float64, of which the upper triangle is read and replaced by U's;
   *     what is below stays as it was
   * @param n rows, 1 to {@link #MAX_N}
   * @return 0, or the first row, from 1, up to which A is not positive definite
   */
  public int cholesky(MemorySegment a, int n) {
    return triangle(potrf, a, n);
  }

  /**
   * The inverse of a matrix from its factor.
   *
   * @param u U of {@link #cholesky}, of which the upper triangle is read and replaced by that of
   *     (Uᵀ U)⁻¹
   * @param n rows, 1 to {@link #MAX_N}
   * @return 0, or the first row, from 1, of U that has 0 on its diagonal
   */
  public int invert(MemorySegment u, int n) {
    return triangle(potri, u, n);
  }

  private static int triangle(MethodHandle routine, MemorySegment a, int n) {
    check("a", a, n, n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(JAVA_INT);
      routine.invokeExact(letter(arena, 'L'), of(arena, n), a, of(arena, n), info, 1L);
      return info.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * The largest eigenvalues of a symmetric matrix, rising, and their eigenvectors.
   *
   * @param a {@code [n, n]} float64, of which the upper triangle is read; destroyed
   * @param n rows, 1 to {@link #MAX_N}
   * @param count how many, 1 to n
   * @param values {@code [n]} float64, of which the first {@code count} are written
   * @param vectors {@code [count, n]} float64, one a row, of length 1; written
   * @return 0, or another number if they were not found
   */
  public int eigen(MemorySegment a, int n, int count, MemorySegment values, MemorySegment vectors) {
    check("a", a, n, n);
    check("values", values, 1, n);
    check("vectors", vectors, count, n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment work = arena.allocate(JAVA_DOUBLE);
      MemorySegment integers = arena.allocate(JAVA_INT);
      MemorySegment isuppz = arena.allocate(JAVA_INT, 2L * n);
      // Once for the sizes of the workspace.
      int info = eigen(arena, a, n, count, values, vectors, isuppz, work, -1, integers, -1);
      if (info != 0) {
        return info;
      }
      int size = (int) work.get(JAVA_DOUBLE, 0);
      int integerSize = integers.get(JAVA_INT, 0);
      return eigen(
          arena,
          a,
          n,
          count,
          values,
          vectors,
          isuppz,
          arena.allocate(JAVA_DOUBLE, size),
          size,
          arena.allocate(JAVA_INT, integerSize),
          integerSize);
    }
  }

  private int eigen(
      Arena arena,
      MemorySegment a,
      int n,
      int count,
      MemorySegment values,
      MemorySegment vectors,
      MemorySegment isuppz,
      MemorySegment work,
      int size,
      MemorySegment integers,
      int integerSize) {
    MemorySegment rows = of(arena, n);
    MemorySegment zero = arena.allocate(JAVA_DOUBLE); // bounds that are not used, tolerance
    MemorySegment info = arena.allocate(JAVA_INT);
    try {
      syevr.invokeExact(
          letter(arena, 'V'),
          letter(arena, 'I'),
          letter(arena, 'L'),
          rows,
          a,
          rows,
          zero,
          zero,
          of(arena, n - count + 1),
          of(arena, n),
          zero,
          of(arena, 0),
          values,
          vectors,
          rows,
          isuppz,
          work,
          of(arena, size),
          integers,
          of(arena, integerSize),
          info,
          1L,
          1L,
          1L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
    return info.get(JAVA_INT, 0);
  }

  private static void check(String name, MemorySegment matrix, long rows, long n) {
    if (n < 1 || n > MAX_N || rows < 1 || rows > n) {
      throw new IllegalArgumentException(
          name + ": is [" + rows + ", " + n + "], must be at least [1, 1] and of at most " + MAX_N);
    }
    if (!matrix.isNative() || matrix.byteSize() < rows * n * Double.BYTES) {
      throw new IllegalArgumentException(
          name + ": has " + matrix.byteSize() + " bytes, must have " + rows * n * Double.BYTES);
    }
  }

  private static MemorySegment of(Arena arena, int value) {
    return arena.allocateFrom(JAVA_INT, value);
  }

  private static MemorySegment letter(Arena arena, char letter) {
    return arena.allocateFrom(JAVA_BYTE, (byte) letter);
  }

  /** What a downcall may throw is what it declares: nothing. */
  private static RuntimeException unexpected(Throwable e) {
    return new IllegalStateException("a call of a LAPACK routine failed", e);
  }
}
