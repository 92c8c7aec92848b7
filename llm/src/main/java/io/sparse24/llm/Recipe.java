package io.sparse24.llm;

import io.sparse24.Pattern;
import io.sparse24.api.Matrix;
import io.sparse24.train.DenseLinear;
import io.sparse24.train.InitialMask;
import io.sparse24.train.MaskedLinear;
import io.sparse24.train.Masking;
import io.sparse24.train.Rule;
import io.sparse24.train.SlopeLinear;
import io.sparse24.train.SlopeOptions;
import io.sparse24.train.TrainableLinear;
import io.sparse24.train.Workspace;

/**
 * Which linear layers are sparse, and how.
 *
 * <p>Dense stay, as in SLoPe (Mozaffari and others, <a
 * href="https://arxiv.org/abs/2405.16325">arXiv 2405.16325</a>): the head; the first linear layer
 * after the input, which in this decoder is the first block's projection to queries, keys and
 * values (one layer in the models of the paper, three here); and very flat layers, of which one
 * side is more than five times the other, such as keys and values shared by many heads. All others
 * are sparse, the last block's too. {@code denseNames} says otherwise for the second of these.
 *
 * @param method dense, SLoPe or SR-STE
 * @param pattern how many of each group of inputs stay
 * @param magnitudeMask whether SLoPe's mask is that of the initial weights' magnitudes, as in its
 *     authors' release, or random, as in the paper
 * @param columnPeriod after how many steps SLoPe's column mask is made anew, 0 never
 * @param doublePrune whether SLoPe's gradient of X is that of a double-pruned weight
 * @param denseNames a regular expression; layers in whose name it has a match stay dense
 * @param adapterRank of the adapters that will be attached, 0 for none
 * @param rule the optimizer
 * @param seed of random masks
 */
record Recipe(
    Method method,
    Pattern pattern,
    boolean magnitudeMask,
    long columnPeriod,
    boolean doublePrune,
    java.util.regex.Pattern denseNames,
    long adapterRank,
    Rule rule,
    long seed) {

  /** The first linear layer after the input. */
  static final String FIRST = "^model\\.layers\\.0\\.self_attn\\.[qkv]_proj$";

  private static final int FLAT = 5;

  static Recipe dense(Rule rule) {
    return new Recipe(
        Method.DENSE,
        Pattern.P2_4,
        false,
        0,
        true,
        java.util.regex.Pattern.compile(FIRST),
        0,
        rule,
        0);
  }

  boolean sparse(String module, long n, long k) {
    return method != Method.DENSE
        && !denseNames.matcher(module).find()
        && Math.max(n, k) <= FLAT * Math.min(n, k);
  }

  /** Whether the layer is one that sparse kernels multiply with. */
  private boolean slope() {
    return method == Method.SLOPE && pattern.equals(Pattern.P2_4);
  }

  private SlopeOptions slopeOptions(String module) {
    return new SlopeOptions(rule, mask(module), columnPeriod, false, doublePrune);
  }

  private InitialMask mask(String module) {
    return magnitudeMask
        ? new InitialMask.Magnitude()
        : new InitialMask.Random(Seeds.of(seed, "mask of " + module));
  }

  Workspace.Need need(String module, long n, long k) {
    if (!sparse(module, n, k)) {
      return DenseLinear.needs(n, k);
    }
    return slope()
        ? SlopeLinear.needs(n, k, slopeOptions(module), adapterRank)
        : MaskedLinear.needs(n, k);
  }

  TrainableLinear linear(Workspace workspace, String module, Matrix w) {
    if (!sparse(module, w.rows(), w.cols())) {
      return DenseLinear.of(workspace, w, rule, false);
    }
    if (slope()) {
      return SlopeLinear.of(workspace, w, slopeOptions(module));
    }
    Masking masking =
        method == Method.SLOPE
            ? new Masking.Fixed(mask(module), columnPeriod, doublePrune)
            : new Masking.Reselected(1, Masking.Reselected.DECAY);
    return MaskedLinear.of(workspace, w, pattern, masking, rule, false);
  }
}
