package io.sparse24.api.reference;

import io.sparse24.api.AttentionShape;
import io.sparse24.api.Ids;
import io.sparse24.api.Matrix;
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.spi.BackendLayers;
import org.jspecify.annotations.Nullable;

/** A decoder's operations by their formulas, in float64, rounded once where a result is stored. */
final class ReferenceLayers implements BackendLayers {
  @Override
  public void embed(Ids ids, Matrix table, Matrix x, int kernel) {
    checkIds("ids", ids, 0, table.rows());
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        x.set(i, j, table.get(ids.get(i), j));
      }
    }
  }

  @Override
  public void embedGrad(Ids ids, Matrix x, Matrix table, int kernel) {
    checkIds("ids", ids, 0, table.rows());
    int cols = Math.toIntExact(table.cols());
    for (long v = 0; v < table.rows(); v++) {
      double[] sums = new double[cols];
      boolean any = false;
      for (long i = 0; i < x.rows(); i++) {
        if (ids.get(i) == v) {
          any = true;
          for (int j = 0; j < cols; j++) {
            sums[j] += x.get(i, j);
          }
        }
      }
      for (int j = 0; any && j < cols; j++) {
        table.set(v, j, (float) (table.get(v, j) + sums[j]));
      }
    }
  }

  private static void checkIds(String what, Ids ids, long least, long end) {
    for (long i = 0; i < ids.count(); i++) {
      long id = ids.get(i);
      if (id < least || id >= end) {
        throw new Sparse24Exception.BadData(
            what + ": " + id + " at " + i + " is not in " + least + ".." + (end - 1));
      }
    }
  }

  @Override
  public void rmsnorm(Matrix x, Matrix w, float epsilon, Matrix y, @Nullable Matrix r, int kernel) {
    for (long i = 0; i < x.rows(); i++) {
      double squares = 0;
      for (long j = 0; j < x.cols(); j++) {
        squares += (double) x.get(i, j) * x.get(i, j);
      }
      double root = 1 / Math.sqrt(squares / x.cols() + epsilon);
      for (long j = 0; j < x.cols(); j++) {
        y.set(i, j, (float) (w.get(0, j) * x.get(i, j) * root));
      }
      if (r != null) {
        r.set(0, i, (float) root);
      }
    }
  }

  @Override
  public void rmsnormGrad(
      Matrix x, Matrix w, Matrix r, Matrix dy, float beta, Matrix dx, Matrix dw, int kernel) {
    double[] sums = new double[Math.toIntExact(x.cols())];
    double[] g = new double[sums.length];
    for (long i = 0; i < x.rows(); i++) {
      double root = r.get(0, i);
      double mean = 0;
      for (int j = 0; j < g.length; j++) {
        g[j] = (double) w.get(0, j) * dy.get(i, j);
        mean += g[j] * x.get(i, j);
        sums[j] += dy.get(i, j) * x.get(i, j) * root;
      }
      mean /= g.length;
      for (int j = 0; j < g.length; j++) {
        double before = beta == 0 ? 0 : (double) beta * dx.get(i, j);
        double gradient = root * g[j] - x.get(i, j) * root * root * root * mean;
        dx.set(i, j, (float) (before + gradient));
      }
    }
    for (int j = 0; j < sums.length; j++) {
      dw.set(0, j, (float) (dw.get(0, j) + sums[j]));
    }
  }

  @Override
  public void rope(
      Matrix cosines,
      Matrix sines,
      long heads,
      long start,
      long period,
      boolean inverse,
      Matrix x,
      int kernel) {
    long half = cosines.cols();
    for (long i = 0; i < x.rows(); i++) {
      long position = start + i % period;
      for (long h = 0; h < heads; h++) {
        for (long j = 0; j < half; j++) {
          double c = cosines.get(position, j);
          double s = inverse ? -sines.get(position, j) : sines.get(position, j);
          long first = h * 2 * half + j;
          double a = x.get(i, first);
          double b = x.get(i, first + half);
          x.set(i, first, (float) (a * c - b * s));
          x.set(i, first + half, (float) (b * c + a * s));
        }
      }
    }
  }

  /** One head of a sequence: which rows and columns are its. */
  private record Head(
      AttentionShape shape, long headDim, long qRows, long kvRows, long q, long kv, long h) {
    long column() {
      return h * headDim;
    }

    long kvColumn() {
      return h / (shape.heads() / shape.kvHeads()) * headDim;
    }

    /** Keys that row i sees. */
    int seen(long i) {
      return Math.toIntExact(shape.causal() ? kvRows - qRows + i + 1 : kvRows);
    }

    double dot(Matrix a, long i, long aColumn, Matrix b, long j, long bColumn) {
      double sum = 0;
      for (long c = 0; c < headDim; c++) {
        sum += (double) a.get(i, aColumn + c) * b.get(j, bColumn + c);
      }
      return sum;
    }

    /** scale · q kᵀ of row i and each key that it sees. */
    double[] scores(Matrix q, Matrix k, long i) {
      double[] scores = new double[seen(i)];
      for (int j = 0; j < scores.length; j++) {
        scores[j] = shape.scale() * dot(q, this.q + i, column(), k, kv + j, kvColumn());
      }
      return scores;
    }
  }

  private interface HeadAction {
    void accept(Head head);
  }

  private static void forEachHead(
      AttentionShape shape, long kvRows, Matrix q, Matrix k, HeadAction action) {
    long qRows = q.rows() / shape.batch();
    long kvStride = k.rows() / shape.batch();
    for (long b = 0; b < shape.batch(); b++) {
      for (long h = 0; h < shape.heads(); h++) {
        long headDim = shape.headDim(q);
        action.accept(new Head(shape, headDim, qRows, kvRows, b * qRows, b * kvStride, h));
      }
    }
  }

  @Override
  public void attention(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      @Nullable Matrix lse,
      int kernel) {
    forEachHead(
        shape,
        kvRows,
        q,
        k,
        head -> {
          for (long i = 0; i < head.qRows(); i++) {
            double[] scores = head.scores(q, k, i);
            double log = logSumExp(scores);
            for (long c = 0; c < head.headDim(); c++) {
              double sum = 0;
              for (int j = 0; j < scores.length; j++) {
                sum += Math.exp(scores[j] - log) * v.get(head.kv() + j, head.kvColumn() + c);
              }
              y.set(head.q() + i, head.column() + c, (float) sum);
            }
            if (lse != null) {
              lse.set(head.q() + i, head.h(), (float) log);
            }
          }
        });
  }

  /** Of 1 and more numbers. */
  private static double logSumExp(double[] numbers) {
    double most = Double.NEGATIVE_INFINITY;
    for (double number : numbers) {
      most = Math.max(most, number); // NaN stays
    }
    double sum = 0;
    for (double number : numbers) {
      sum += Math.exp(number - most);
    }
    return most + Math.log(sum);
  }

  @Override
  public void attentionGrad(
      AttentionShape shape,
      long kvRows,
      Matrix q,
      Matrix k,
      Matrix v,
      Matrix y,
      Matrix lse,
      Matrix dy,
      Matrix dq,
      Matrix dk,
      Matrix dv,
      int kernel) {
    double[][] dqs = new double[Math.toIntExact(q.rows())][Math.toIntExact(q.cols())];
    double[][] dks = new double[Math.toIntExact(k.rows())][Math.toIntExact(k.cols())];
    double[][] dvs = new double[dks.length][Math.toIntExact(k.cols())];
    forEachHead(
        shape,
        kvRows,
        q,
        k,
        head -> {
          for (long i = 0; i < head.qRows(); i++) {
            int row = Math.toIntExact(head.q() + i);
            double[] scores = head.scores(q, k, i);
            double through = head.dot(dy, row, head.column(), y, row, head.column());
            for (int j = 0; j < scores.length; j++) {
              int key = Math.toIntExact(head.kv() + j);
              double p = Math.exp(scores[j] - lse.get(row, head.h()));
              double dp = head.dot(dy, row, head.column(), v, key, head.kvColumn());
              double ds = shape.scale() * p * (dp - through);
              for (int c = 0; c < head.headDim(); c++) {
                int qColumn = Math.toIntExact(head.column()) + c;
                int kvColumn = Math.toIntExact(head.kvColumn()) + c;
                dqs[row][qColumn] += ds * k.get(key, kvColumn);
                dks[key][kvColumn] += ds * q.get(row, qColumn);
                dvs[key][kvColumn] += p * dy.get(row, qColumn);
              }
            }
          }
        });
    store(dqs, dq, dqs.length, dqs.length);
    int stride = Math.toIntExact(k.rows() / shape.batch());
    store(dks, dk, stride, kvRows);
    store(dvs, dv, stride, kvRows);
  }

  /** The first {@code rows} of every {@code stride} rows. */
  private static void store(double[][] from, Matrix to, int stride, long rows) {
    for (int i = 0; i < from.length; i++) {
      for (int j = 0; i % stride < rows && j < from[i].length; j++) {
        to.set(i, j, (float) from[i][j]);
      }
    }
  }

  private static double sigmoid(double v) {
    return 1 / (1 + Math.exp(-v));
  }

  @Override
  public void swiglu(Matrix g, Matrix u, Matrix y, int kernel) {
    for (long i = 0; i < g.rows(); i++) {
      for (long j = 0; j < g.cols(); j++) {
        double gate = g.get(i, j);
        y.set(i, j, (float) (gate * sigmoid(gate) * u.get(i, j)));
      }
    }
  }

  @Override
  public void swigluGrad(Matrix g, Matrix u, Matrix dy, Matrix dg, Matrix du, int kernel) {
    for (long i = 0; i < g.rows(); i++) {
      for (long j = 0; j < g.cols(); j++) {
        double gate = g.get(i, j);
        double up = u.get(i, j);
        double d = dy.get(i, j);
        double s = sigmoid(gate);
        dg.set(i, j, (float) (d * up * s * (1 + gate * (1 - s))));
        du.set(i, j, (float) (d * gate * s));
      }
    }
  }

  @Override
  public void crossEntropy(
      Matrix logits, Ids targets, float scale, Matrix loss, @Nullable Matrix gradient, int kernel) {
    checkIds("targets", targets, -1, logits.cols());
    double[] row = new double[Math.toIntExact(logits.cols())];
    for (long i = 0; i < logits.rows(); i++) {
      int target = targets.get(i);
      for (int j = 0; j < row.length; j++) {
        row[j] = logits.get(i, j);
      }
      double log = target < 0 ? 0 : logSumExp(row);
      loss.set(0, i, target < 0 ? 0 : (float) (log - row[target]));
      for (int j = 0; gradient != null && j < row.length; j++) {
        double p = target < 0 ? 0 : Math.exp(row[j] - log) - (j == target ? 1 : 0);
        gradient.set(i, j, (float) (scale * p));
      }
    }
  }
}
