package io.sparse24;

import java.util.Arrays;

/**
 * Linear-sum assignment: one column for each row so that the sum of what they are worth is largest.
 * The Hungarian method with potentials, by shortest augmenting paths (Jonker and Volgenant 1987):
 * O(n³) at worst.
 */
final class Assignment {
  private static final int NONE = -1;

  private final float[][] worth;
  // Of the costs, which are what is worth most with its sign turned: cost(i, j) >= u[i] + v[j], and
  // equal where j is i's.
  private final double[] u;
  private final double[] v;
  private final int[] rowOf;

  private Assignment(float[][] worth) {
    this.worth = worth;
    this.u = new double[worth.length];
    this.v = new double[worth.length];
    this.rowOf = new int[worth.length];
    Arrays.fill(rowOf, NONE);
  }

  /**
   * The assignment of largest sum; where several are, one of them, the same each time.
   *
   * @param worth square, finite
   * @return the column of each row
   */
  static int[] largest(float[][] worth) {
    Assignment assignment = new Assignment(worth);
    for (int i = 0; i < worth.length; i++) {
      assignment.add(i);
    }
    int[] columnOf = new int[worth.length];
    for (int j = 0; j < worth.length; j++) {
      columnOf[assignment.rowOf[j]] = j;
    }
    return columnOf;
  }

  /** A column for one more row: Dijkstra over the reduced costs until a free column is nearest. */
  private void add(int row) {
    int n = worth.length;
    double[] distance = new double[n];
    Arrays.fill(distance, Double.POSITIVE_INFINITY);
    int[] before = new int[n]; // the column that a path reaches this one from
    Arrays.fill(before, NONE);
    boolean[] reached = new boolean[n];
    int column = NONE;
    int i = row;
    double sofar = 0;
    do {
      float[] worthOfRow = worth[i];
      double offset = sofar - u[i];
      int nearest = NONE;
      for (int j = 0; j < n; j++) {
        if (!reached[j]) {
          double through = offset - worthOfRow[j] - v[j];
          if (through < distance[j]) {
            distance[j] = through;
            before[j] = column;
          }
          if (nearest == NONE || distance[j] < distance[nearest]) {
            nearest = j;
          }
        }
      }
      column = nearest;
      sofar = distance[column];
      reached[column] = true;
      i = rowOf[column];
    } while (i != NONE);

    u[row] += sofar;
    for (int j = 0; j < n; j++) {
      if (reached[j] && j != column) {
        u[rowOf[j]] += sofar - distance[j];
        v[j] -= sofar - distance[j];
      }
    }
    while (before[column] != NONE) {
      rowOf[column] = rowOf[before[column]];
      column = before[column];
    }
    rowOf[column] = row;
  }
}
