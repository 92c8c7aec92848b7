package io.sparse24.train;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Optimizer;
import io.sparse24.format.Safetensors;
import io.sparse24.format.SafetensorsWriter;
import io.sparse24.format.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer that is trained: Y = X Wᵀ, with W {@code [n, k]}. Its loop is the caller's:
 * forward, backward for each micro-batch, whose gradients add up, then a step.
 *
 * <p>All memory but X, Y and their gradients is the layer's own, allocated when it is made, and the
 * {@link Workspace}'s: no call of {@code forward}, {@code backward} and {@code step} allocates any.
 * Matrices are in the session's memory and of the workspace's type. A layer belongs to its
 * session's thread. Results do not depend on the number of threads.
 */
public sealed interface TrainableLinear extends AutoCloseable
    permits DenseLinear, SlopeLinear, MaskedLinear {
  /**
   * Outputs.
   *
   * @return n
   */
  long n();

  /**
   * Inputs.
   *
   * @return k
   */
  long k();

  /**
   * Type of X, Y and the working values.
   *
   * @return F32, BF16 or F16
   */
  DType dtype();

  /**
   * Y = X Wᵀ, plus the bias and adapters where the layer has them.
   *
   * @param x {@code [m, k]}
   * @param y {@code [m, n]}, written
   */
  default void forward(Matrix x, Matrix y) {
    forward(x, null, y);
  }

  /**
   * Y = X Wᵀ + C, plus the bias and adapters where the layer has them.
   *
   * @param x {@code [m, k]}
   * @param c {@code [m, n]}, such as what goes past the layer, or null; may be y
   * @param y {@code [m, n]}, written
   */
  void forward(Matrix x, @Nullable Matrix c, Matrix y);

  /**
   * Both parts of the backward pass for one micro-batch: {@link #weightGradient}, then {@link
   * #inputGradient} where somebody needs it. After an exception the gradients are to be {@linkplain
   * #discardGradient discarded}.
   *
   * @param dy gradient of Y, {@code [m, n]}
   * @param x as {@link #forward} had it, {@code [m, k]}
   * @param dx gradient of X, {@code [m, k]}, written, not read if beta is 0; null if nobody needs
   *     it
   * @param beta factor of what dx holds
   */
  default void backward(Matrix dy, Matrix x, @Nullable Matrix dx, float beta) {
    if (dx != null) {
      Arguments.inputGradient(this, dy, dx, beta);
    }
    weightGradient(dy, x);
    if (dx != null) {
      inputGradient(dy, dx, beta);
    }
  }

  /**
   * Adds the gradient of W, dYᵀ X, of the bias and of the adapters for one micro-batch to that of
   * others since the last step: BWD-1 of SLoPe.
   *
   * @param dy gradient of Y, {@code [m, n]}
   * @param x as {@link #forward} had it, {@code [m, k]}
   */
  void weightGradient(Matrix dy, Matrix x);

  /**
   * The gradient of X, {@code dX = beta · dX + dY W}, or what the layer has in place of W for it:
   * BWD-2 of SLoPe. It changes nothing of the layer and may come before {@link #weightGradient} or
   * after it.
   *
   * @param dy gradient of Y, {@code [m, n]}
   * @param dx gradient of X, {@code [m, k]}, written, not read if beta is 0
   * @param beta factor of what dx holds
   */
  void inputGradient(Matrix dy, Matrix dx, float beta);

  /**
   * The squared L2 norm of the gradients since the last step, of kept elements only. To clip,
   * {@code gradScale} of the step is {@code min(1, limit / √(sum over all layers))}. Waits for
   * queued work.
   *
   * @return the sum of squares, without any gradScale
   * @throws IllegalStateException if there is no gradient
   * @throws io.sparse24.api.Sparse24Exception.BadData if there is NaN or Inf in it, unless {@link
   *     io.sparse24.api.Session#allowNonFinite} lets it through
   */
  double squaredGradientNorm();

  /**
   * A step of the optimizer, from which on the next gradient starts at 0. Steps are counted by the
   * layer.
   *
   * @param settings of the rule the layer was made for
   * @param gradScale factor of the gradients, greater than 0: one over the number of micro-batches,
   *     or over a loss scale, or to clip
   * @throws IllegalStateException if there is no gradient
   */
  void step(Optimizer settings, float gradScale);

  /** Forgets the gradients since the last step, as where a loss scale was too large. */
  void discardGradient();

  /**
   * What it keeps between steps.
   *
   * @return bytes by part
   */
  MemoryUse memory();

  /**
   * The weight that {@link #forward} multiplies with, without bias and adapters, as an ordinary
   * checkpoint has it.
   *
   * @param arena holds it
   * @return host matrix {@code [n, k]}, with zeros where nothing is kept
   */
  Matrix dense(Arena arena);

  /**
   * The tensors of a checkpoint that goes on bit for bit: masters, states, masks, counters.
   *
   * @param name of the layer, which their names begin with
   * @return in the order of {@link #save}
   */
  List<TensorInfo> state(String name);

  /**
   * Writes these tensors.
   *
   * @param name of the layer
   * @param to comes to them next
   * @throws IOException if they can't be written
   * @throws IllegalStateException if there is a gradient without a step
   */
  void save(String name, SafetensorsWriter to) throws IOException;

  /**
   * Takes the state of a layer that was made alike.
   *
   * @param name of the layer
   * @param from has its tensors
   * @throws IOException if a tensor is missing
   * @throws IllegalArgumentException if a tensor is not of this layer's type and shape, before
   *     anything is changed
   * @throws io.sparse24.api.Sparse24Exception.BadData if a mask is none; the layer is to be
   *     restored anew, or closed, then
   */
  void restore(String name, Safetensors from) throws IOException;

  /** Frees its memory; before the workspace and the session. A second call does nothing. */
  @Override
  void close();
}
