package io.sparse24.train;

import io.sparse24.api.DType;
import java.util.Locale;

/**
 * The bytes a layer keeps between steps, counted where they are allocated; activations and the
 * {@link Workspace} are not in it.
 *
 * @param parameters elements of the dense weights, {@code n · k}, which the bytes are for
 * @param weight values that the forward product reads, in its layout
 * @param transpose the same for the gradient of X, where a copy is kept
 * @param masks which elements are kept, of both
 * @param master the weight in F32
 * @param gradient of the weight, F32
 * @param states of the optimizer, F32
 * @param beside adapters and bias: values, masters, gradients and states
 */
public record MemoryUse(
    long parameters,
    long weight,
    long transpose,
    long masks,
    long master,
    long gradient,
    long states,
    long beside) {

  /**
   * What the paper measured on whole models, of dense training: SLoPe (arXiv 2405.16325), OPT 2.6B
   * to 66B, LLaMA-3-8B and Mistral-7B on A100.
   */
  static final String PAPER = "0.63 to 0.68";

  /**
   * What a dense layer keeps.
   *
   * @param n outputs
   * @param k inputs
   * @param dtype type of the working values; at F32 these are the master
   * @param rule which states
   * @return the bytes
   */
  public static MemoryUse dense(long n, long k, DType dtype, Rule rule) {
    long count = Math.multiplyExact(n, k);
    long f32 = Math.multiplyExact(count, DType.F32.bytes());
    long weight = dtype == DType.F32 ? 0 : count * dtype.bytes();
    return new MemoryUse(count, weight, 0, 0, f32, f32, rule.states() * f32, 0);
  }

  /**
   * Both together.
   *
   * @param other of another layer
   * @return the sums
   */
  public MemoryUse plus(MemoryUse other) {
    return new MemoryUse(
        parameters + other.parameters,
        weight + other.weight,
        transpose + other.transpose,
        masks + other.masks,
        master + other.master,
        gradient + other.gradient,
        states + other.states,
        beside + other.beside);
  }

  /**
   * All of it.
   *
   * @return bytes
   */
  public long total() {
    return weight + transpose + masks + master + gradient + states + beside;
  }

  /**
   * All of it for one element of the dense weight.
   *
   * @return bytes
   */
  public double perParameter() {
    return (double) total() / parameters;
  }

  /**
   * Bytes for each parameter by part, beside those of the same layers kept dense, and beside the
   * paper's ratio.
   *
   * @param dense of the same layers
   * @return some lines of text
   */
  public String table(MemoryUse dense) {
    if (dense.parameters != parameters) {
      throw new IllegalArgumentException(
          "dense: is of " + dense.parameters + " parameters, must be of the same " + parameters);
    }
    StringBuilder text = new StringBuilder("bytes a parameter       here   dense\n");
    line(text, "weight", weight, dense.weight);
    line(text, "transpose", transpose, dense.transpose);
    line(text, "masks", masks, dense.masks);
    line(text, "master", master, dense.master);
    line(text, "gradient", gradient, dense.gradient);
    line(text, "optimizer's states", states, dense.states);
    line(text, "adapters, bias", beside, dense.beside);
    line(text, "total", total(), dense.total());
    text.append(
        String.format(
            Locale.ROOT,
            "of dense: %.2f (SLoPe's paper, whole models: %s)\n",
            (double) total() / dense.total(),
            PAPER));
    return text.toString();
  }

  private void line(StringBuilder text, String part, long here, long dense) {
    text.append(
        String.format(
            Locale.ROOT,
            "%-20s %7.3f %7.3f\n",
            part,
            (double) here / parameters,
            (double) dense / parameters));
  }
}
