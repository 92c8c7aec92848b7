package io.sparse24.api;

import org.jspecify.annotations.Nullable;

/**
 * A score that is a power of |W| times a factor of up to three terms, which a kernel fuses with
 * selection and compression:
 *
 * <pre>score[i,j] = |W[i,j]|^power · (a[j] + b[j]·r[i] + gScale·(g[i,j] − gLeast))</pre>
 *
 * <p>Each difference, product and sum is rounded to F32, terms added from the left, so every
 * backend gives the same bits. A term whose matrices are null is left out. RIA, GBLM and
 * Pruner-Zero are of this form; a score of your own that is too needs no kernel. A view of the
 * matrices, which are where the weight is.
 *
 * @param power of |W|, 1 or 2
 * @param a {@code [1, k]} F32, of columns, or null
 * @param b {@code [1, k]} F32, of columns, times r; null where r is
 * @param r {@code [1, n]} F32, of rows; null where b is
 * @param g {@code [n, k]} F32, of elements, or null
 * @param gScale factor of that, finite
 * @param gLeast what is taken off it first, finite
 */
public record ScoreFactors(
    int power,
    @Nullable Matrix a,
    @Nullable Matrix b,
    @Nullable Matrix r,
    @Nullable Matrix g,
    float gScale,
    float gLeast) {
  /**
   * Checks what can be seen without the weight.
   *
   * @param power of |W|, 1 or 2
   * @param a {@code [1, k]} F32, or null
   * @param b {@code [1, k]} F32, null where r is
   * @param r {@code [1, n]} F32, null where b is
   * @param g {@code [n, k]} F32, or null
   * @param gScale finite
   * @param gLeast finite
   */
  public ScoreFactors {
    if (power != 1 && power != 2) {
      throw new IllegalArgumentException("power: is " + power + ", must be 1 or 2");
    }
    if ((b == null) != (r == null)) {
      throw new IllegalArgumentException(
          (b == null ? "b: is null, r is not" : "r: is null, b is not") + ", they are one term");
    }
    if (a == null && b == null && g == null) {
      throw new IllegalArgumentException("a, b, g: are all null, one term at least must be there");
    }
    Checks.finite("gScale", gScale);
    Checks.finite("gLeast", gLeast);
  }

  /**
   * |W| · a: of columns alone.
   *
   * @param a {@code [1, k]} F32
   * @return the factors
   */
  public static ScoreFactors ofColumns(Matrix a) {
    return new ScoreFactors(1, a, null, null, null, 0, 0);
  }

  /**
   * |W| · gScale · (g − gLeast): of elements alone.
   *
   * @param g {@code [n, k]} F32
   * @param gScale factor of that, finite
   * @param gLeast what is taken off it first, finite
   * @return the factors
   */
  public static ScoreFactors ofElements(Matrix g, float gScale, float gLeast) {
    return new ScoreFactors(1, null, null, null, g, gScale, gLeast);
  }

  /**
   * With b · r added.
   *
   * @param columns b, {@code [1, k]} F32
   * @param rows r, {@code [1, n]} F32
   * @return the factors
   */
  public ScoreFactors plusRows(Matrix columns, Matrix rows) {
    return new ScoreFactors(power, a, columns, rows, g, gScale, gLeast);
  }

  /**
   * With gScale · (g − gLeast) added.
   *
   * @param elements g, {@code [n, k]} F32
   * @param scale factor of that, finite
   * @param least what is taken off it first, finite
   * @return the factors
   */
  public ScoreFactors plusElements(Matrix elements, float scale, float least) {
    return new ScoreFactors(power, a, b, r, elements, scale, least);
  }

  /**
   * With the square of W.
   *
   * @return the factors
   */
  public ScoreFactors squared() {
    return new ScoreFactors(2, a, b, r, g, gScale, gLeast);
  }
}
