package io.sparse24.llm;

import java.util.EnumMap;
import java.util.Map;

/**
 * A block of a decoder in float64, written out: what its linear layers multiply, and what it gives.
 */
final class BlockOracle {
  private final DecoderConfig config;

  BlockOracle(DecoderConfig config) {
    this.config = config;
  }

  /** What linear layers multiplied in a pass, and what came of it. */
  static final class Pass {
    final Map<BlockInput, double[][]> inputs;
    final double[][] output;

    private Pass(Map<BlockInput, double[][]> inputs, double[][] output) {
      this.inputs = inputs;
      this.output = output;
    }
  }

  /** Weights by the names of checkpoints, rows one after the other. */
  Pass run(Map<String, float[]> weights, int block, double[][] x) {
    Map<BlockInput, double[][]> inputs = new EnumMap<>(BlockInput.class);
    double[][] normed = norm(x, TinyModel.value(weights, Names.attentionNorm(block) + ".weight"));
    inputs.put(BlockInput.ATTENTION, normed);
    double[][] q = rotate(multiply(weights, block, BlockLinear.Q, normed));
    double[][] k = rotate(multiply(weights, block, BlockLinear.K, normed));
    double[][] v = multiply(weights, block, BlockLinear.V, normed);
    double[][] attended = attend(q, k, v);
    inputs.put(BlockInput.ATTENDED, attended);
    double[][] middle = plus(x, multiply(weights, block, BlockLinear.O, attended));
    normed = norm(middle, TinyModel.value(weights, Names.mlpNorm(block) + ".weight"));
    inputs.put(BlockInput.MLP, normed);
    double[][] gate = multiply(weights, block, BlockLinear.GATE, normed);
    double[][] up = multiply(weights, block, BlockLinear.UP, normed);
    for (int i = 0; i < gate.length; i++) {
      for (int j = 0; j < gate[i].length; j++) {
        gate[i][j] *= up[i][j] / (1 + Math.exp(-gate[i][j]));
      }
    }
    inputs.put(BlockInput.ACTIVATED, gate);
    return new Pass(inputs, plus(middle, multiply(weights, block, BlockLinear.DOWN, gate)));
  }

  private static double[][] plus(double[][] a, double[][] b) {
    double[][] sum = new double[a.length][];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i].clone();
      for (int j = 0; j < sum[i].length; j++) {
        sum[i][j] += b[i][j];
      }
    }
    return sum;
  }

  private double[][] norm(double[][] x, float[] by) {
    double[][] out = new double[x.length][by.length];
    for (int i = 0; i < x.length; i++) {
      double squares = 0;
      for (double value : x[i]) {
        squares += value * value;
      }
      double root = Math.sqrt(squares / by.length + config.normEpsilon());
      for (int j = 0; j < by.length; j++) {
        out[i][j] = x[i][j] / root * by[j];
      }
    }
    return out;
  }

  private double[][] multiply(
      Map<String, float[]> weights, int block, BlockLinear linear, double[][] x) {
    float[] w = TinyModel.value(weights, linear.module(block) + ".weight");
    int n = (int) linear.n(config);
    int k = (int) linear.k(config);
    double[][] y = new double[x.length][n];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < n; j++) {
        for (int c = 0; c < k; c++) {
          y[i][j] += x[i][c] * w[j * k + c];
        }
      }
    }
    return y;
  }

  private double[][] rotate(double[][] rows) {
    int half = config.headDim() / 2;
    for (int position = 0; position < rows.length; position++) {
      double[] row = rows[position];
      for (int head = 0; head < row.length; head += config.headDim()) {
        for (int j = 0; j < half; j++) {
          double angle = position * Math.pow(config.ropeTheta(), -2.0 * j / config.headDim());
          double a = row[head + j];
          double b = row[head + half + j];
          row[head + j] = a * Math.cos(angle) - b * Math.sin(angle);
          row[head + half + j] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
    return rows;
  }

  private double[][] attend(double[][] q, double[][] k, double[][] v) {
    int dim = config.headDim();
    int shared = config.heads() / config.kvHeads();
    double[][] out = new double[q.length][q[0].length];
    for (int head = 0; head < config.heads(); head++) {
      int of = head * dim;
      int other = head / shared * dim;
      for (int i = 0; i < q.length; i++) {
        double sum = 0;
        double[] attended = new double[dim];
        for (int t = 0; t <= i; t++) {
          double score = 0;
          for (int j = 0; j < dim; j++) {
            score += q[i][of + j] * k[t][other + j];
          }
          double share = Math.exp(score / Math.sqrt(dim));
          sum += share;
          for (int j = 0; j < dim; j++) {
            attended[j] += share * v[t][other + j];
          }
        }
        for (int j = 0; j < dim; j++) {
          out[i][of + j] = attended[j] / sum;
        }
      }
    }
    return out;
  }
}
