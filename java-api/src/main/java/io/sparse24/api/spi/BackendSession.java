package io.sparse24.api.spi;

import io.sparse24.api.AdamW;
import io.sparse24.api.BackendInfo;
import io.sparse24.api.Compressed24;
import io.sparse24.api.DType;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Heuristic;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.LowRank;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Op;
import io.sparse24.api.Packed24;
import io.sparse24.api.ScoreFactors;
import io.sparse24.api.ScoreKind;
import io.sparse24.api.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backend at work for one thread at a time. {@code kernel} is an id of {@link #kernels} or {@link
 * #AUTO}; every failure is a {@link io.sparse24.api.Sparse24Exception}.
 */
public interface BackendSession extends AutoCloseable {
  /** The backend chooses the kernel. */
  int AUTO = -1;

  /**
   * What the session runs on.
   *
   * @return facts that do not change
   */
  BackendInfo info();

  /**
   * All kernels, also those that can't run here.
   *
   * @return by rising id; ids may have gaps
   */
  List<KernelInfo> kernels();

  /**
   * The kernel that {@link #AUTO} stands for.
   *
   * @param op what is computed
   * @param dtype element type as in {@link KernelInfo#dtype}
   * @param xDtype element type as in {@link KernelInfo#xDtype}
   * @param layout of a packed operand, or -1 for the best of all
   * @param m tokens, 0 if unknown
   * @param n outputs
   * @param k inputs
   * @return its id
   */
  int chooseKernel(Op op, DType dtype, DType xDtype, int layout, long m, long n, long k);

  /**
   * A session for another thread that shares this one's workers or device state.
   *
   * @return the session
   */
  BackendSession share();

  /** Waits until all queued work is done, and reports what went wrong in it. */
  void synchronize();

  /**
   * Allocates device memory.
   *
   * @param bytes its size
   * @return the address
   */
  long allocate(long bytes);

  /**
   * Frees device memory once the work queued before is done.
   *
   * @param address as allocated
   */
  void free(long address);

  /**
   * Copies host memory to the device.
   *
   * @param from host memory
   * @param address where to
   */
  void copyToDevice(MemorySegment from, long address);

  /**
   * Copies device memory to the host; done on return.
   *
   * @param address where from
   * @param to host memory
   */
  void copyToHost(long address, MemorySegment to);

  /**
   * The queue that operations go to, for work that others add to it.
   *
   * @return its address; 0 where operations are done when they return
   */
  long queue();

  /**
   * Allocates host memory that copies neither stage nor wait for.
   *
   * @param arena how long it may be looked at
   * @param bytes its size
   * @return the memory, aligned to 64 bytes
   */
  MemorySegment allocateHost(Arena arena, long bytes);

  /**
   * Frees host memory once the work queued before is done.
   *
   * @param memory as allocated; its arena is closed
   */
  void freeHost(MemorySegment memory);

  /**
   * Queues a copy to the device.
   *
   * @param from memory of {@link #allocateHost}
   * @param address where to
   */
  void copyToDeviceAsync(MemorySegment from, long address);

  /**
   * Queues a copy to the host.
   *
   * @param address where from
   * @param to memory of {@link #allocateHost}
   */
  void copyToHostAsync(long address, MemorySegment to);

  /**
   * A place in a queue, which sessions of this backend take.
   *
   * @return the event, not recorded yet
   */
  BackendEvent createEvent();

  /**
   * Destroys an event.
   *
   * @param event of {@link #createEvent}
   */
  void destroyEvent(BackendEvent event);

  /**
   * Makes the event the place behind all that was queued before.
   *
   * @param event which
   */
  void record(BackendEvent event);

  /**
   * Lets what is queued from here on wait for an event.
   *
   * @param event may be of another session; one that was never recorded is not waited for
   */
  void waitFor(BackendEvent event);

  /**
   * Waits for an event.
   *
   * @param event which
   */
  void synchronize(BackendEvent event);

  /**
   * Time between two events, of which the later one is waited for.
   *
   * @param start recorded first
   * @param end recorded later
   * @return milliseconds
   */
  double elapsed(BackendEvent start, BackendEvent end);

  /** From here on operations are recorded instead of queued. */
  void beginCapture();

  /**
   * Ends the recording.
   *
   * @return what was recorded since {@link #beginCapture}
   */
  BackendGraph endCapture();

  /**
   * Queues what was recorded.
   *
   * @param graph of this session
   */
  void launch(BackendGraph graph);

  /**
   * Destroys a graph.
   *
   * @param graph of this session
   */
  void destroyGraph(BackendGraph graph);

  /**
   * By what the backend chooses among kernels and their shapes.
   *
   * @return by index; empty if nothing of it can be changed
   */
  List<Heuristic> heuristics();

  /**
   * Changes a heuristic, of this session and of those that it shares from then on.
   *
   * @param index its place in {@link #heuristics}
   * @param value within its bounds
   */
  void setHeuristic(int index, int value);

  /**
   * Size of a packed weight.
   *
   * @param n outputs
   * @param k inputs
   * @param dtype element type
   * @param layout the layout
   * @return bytes
   */
  long packedBytes(long n, long k, DType dtype, int layout);

  /**
   * s = decay · s + scale · Σ x².
   *
   * @param x {@code [tokens, k]}
   * @param s {@code [1, k]} F32
   * @param decay factor of the old norms
   * @param scale factor of the new sums
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void accumulateNorms(
      Matrix x, Matrix s, float decay, float scale, boolean allowNonFinite, int kernel);

  /**
   * Scores of a weight.
   *
   * @param w {@code [n, k]}
   * @param kind which score
   * @param s {@code [1, k]} F32 for Wanda, else null
   * @param out {@code [n, k]} F32
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void score(
      Matrix w, ScoreKind kind, @Nullable Matrix s, Matrix out, boolean allowNonFinite, int kernel);

  /**
   * n:m selection.
   *
   * @param scores {@code [n, k]} F32
   * @param keep how many of each group
   * @param of size of a group
   * @param out {@code [n, k]}
   * @param allowNonFinite NaN ranks below all others instead of being an error
   * @param kernel kernel id
   */
  void select(Matrix scores, int keep, int of, Mask out, boolean allowNonFinite, int kernel);

  /**
   * Score, select 2:4, compress.
   *
   * @param w {@code [n, k]}
   * @param kind which score
   * @param s {@code [1, k]} F32 for Wanda, else null
   * @param out the result
   * @param allowNonFinite let NaN and Inf through
   * @param require24 a dropped non-zero is an error
   * @param kernel kernel id
   */
  void prune24(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      boolean allowNonFinite,
      boolean require24,
      int kernel);

  /**
   * Gathers kept values.
   *
   * @param w {@code [n, k]}
   * @param mask exactly two bits a group
   * @param values {@code [n, k/2]}
   * @param kernel kernel id
   */
  void compress24(Matrix w, Mask mask, Matrix values, int kernel);

  /**
   * Back to dense.
   *
   * @param in the weight
   * @param out {@code [n, k]}
   * @param kernel kernel id
   */
  void decompress24(Compressed24 in, Matrix out, int kernel);

  /**
   * Zeroes what the mask drops.
   *
   * @param w {@code [n, k]}
   * @param mask any pattern
   * @param out {@code [n, k]}, may be w
   * @param kernel kernel id
   */
  void applyMask(Matrix w, Mask mask, Matrix out, int kernel);

  /**
   * Canonical to packed.
   *
   * @param in the weight
   * @param out where to, with the layout
   * @param kernel kernel id
   */
  void pack24(Compressed24 in, Packed24 out, int kernel);

  /**
   * Packed to canonical.
   *
   * @param in the packed weight
   * @param out where to
   * @param kernel kernel id
   */
  void unpack24(Packed24 in, Compressed24 out, int kernel);

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias), W 2:4.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @param c {@code [m, n]}; null if beta is 0
   * @param y {@code [m, n]}
   * @param epilogue alpha, beta, bias, activation
   * @param kernel kernel id
   */
  void spmm24(Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel);

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias) + T Rᵀ, W 2:4.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @param c {@code [m, n]}; null if beta is 0
   * @param y {@code [m, n]}
   * @param epilogue alpha, beta, bias, activation
   * @param lowRank T {@code [m, rank]}, R {@code [n, rank]}
   * @param kernel kernel id
   */
  void spmm24LowRank(
      Matrix x,
      Packed24 w,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue,
      LowRank lowRank,
      int kernel);

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias), W dense.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @param c {@code [m, n]}; null if beta is 0
   * @param y {@code [m, n]}
   * @param epilogue alpha, beta, bias, activation
   * @param kernel kernel id
   */
  void gemm(Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel);

  /**
   * To a scaled type, row by row.
   *
   * @param x {@code [rows, cols]}
   * @param out {@code [rows, cols]}, with row scales
   * @param kernel kernel id
   */
  void quantize(Matrix x, Matrix out, int kernel);

  /**
   * values = alpha · dYᵀ X + beta · values at kept places.
   *
   * @param dy {@code [m, n]}
   * @param x {@code [m, k]}
   * @param mask {@code [n, k]}
   * @param values {@code [n, k/2]} F32; not read if beta is 0
   * @param alpha factor of the product
   * @param beta factor of what values holds
   * @param kernel kernel id
   */
  void sddmm24(Matrix dy, Matrix x, Mask mask, Matrix values, float alpha, float beta, int kernel);

  /**
   * The transpose, 2:4 along its rows as well.
   *
   * @param in {@code [n, k]}
   * @param out {@code [k, n]}
   * @param kernel kernel id
   */
  void doublePrune24(Compressed24 in, Compressed24 out, int kernel);

  /**
   * {@link #prune24} and {@link #doublePrune24} of its result.
   *
   * @param w {@code [n, k]}
   * @param kind which score
   * @param s {@code [1, k]} F32 for Wanda, else null
   * @param out {@code [n, k]}
   * @param transpose {@code [k, n]}
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void prune24Both(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      Compressed24 transpose,
      boolean allowNonFinite,
      int kernel);

  /**
   * Sums of |x| by rows and by columns, and the range of x.
   *
   * @param x {@code [rows, cols]}, neither 0
   * @param rowSums {@code [1, rows]} F32
   * @param colSums {@code [1, cols]} F32
   * @param range {@code [1, 2]} F32, least and greatest
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void margins(
      Matrix x, Matrix rowSums, Matrix colSums, Matrix range, boolean allowNonFinite, int kernel);

  /**
   * Scores by factors.
   *
   * @param w {@code [n, k]}
   * @param factors of that weight
   * @param out {@code [n, k]} F32
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void score(Matrix w, ScoreFactors factors, Matrix out, boolean allowNonFinite, int kernel);

  /**
   * Scores by factors, 2:4 selection and compression.
   *
   * @param w {@code [n, k]}
   * @param factors of that weight
   * @param out {@code [n, k]}
   * @param allowNonFinite let NaN and Inf through
   * @param kernel kernel id
   */
  void prune24(
      Matrix w, ScoreFactors factors, Compressed24 out, boolean allowNonFinite, int kernel);

  /**
   * The values of a double-pruned transpose whose mask is there.
   *
   * @param in {@code [n, k]}
   * @param out {@code [k, n]}, its mask read, its values written
   * @param kernel kernel id
   */
  void refresh24(Compressed24 in, Compressed24 out, int kernel);

  /**
   * Rows to columns.
   *
   * @param x {@code [rows, cols]}
   * @param out {@code [cols, rows]}
   * @param kernel kernel id
   */
  void transpose(Matrix x, Matrix out, int kernel);

  /**
   * y = alpha · x + beta · y.
   *
   * @param alpha factor of x
   * @param x {@code [rows, cols]}
   * @param beta factor of y, not read where 0
   * @param y {@code [rows, cols]}
   * @param kernel kernel id
   */
  void axpby(float alpha, Matrix x, float beta, Matrix y, int kernel);

  /**
   * A decoder's operations beside products.
   *
   * @return the same object each time
   */
  BackendLayers layers();

  /**
   * To another element type; of a scaled one, times the row's scale.
   *
   * @param x {@code [rows, cols]}, with row scales if it is of a scaled type
   * @param out {@code [rows, cols]} of F32, BF16 or F16
   * @param kernel kernel id
   */
  void cast(Matrix x, Matrix out, int kernel);

  /**
   * A step of AdamW. All of one shape, rows without gaps, of F32 but for the values.
   *
   * @param gradient {@code [rows, cols]}
   * @param master updated
   * @param m first moment, updated
   * @param v second moment, updated
   * @param values of F32, BF16 or F16, written; may be master
   * @param settings learning rate and the like
   * @param step from 1
   * @param gradScale factor of the gradient
   * @param kernel kernel id
   */
  void adamw(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix v,
      Matrix values,
      AdamW settings,
      long step,
      float gradScale,
      int kernel);

  /**
   * A step of gradient descent with momentum. All of one shape, rows without gaps, of F32 but for
   * the values.
   *
   * @param gradient {@code [rows, cols]}
   * @param master updated
   * @param m the momentum, updated
   * @param values of F32, BF16 or F16, written; may be master
   * @param settings learning rate and the like
   * @param gradScale factor of the gradient
   * @param kernel kernel id
   */
  void sgd(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix values,
      Sgd settings,
      float gradScale,
      int kernel);

  @Override
  void close();
}
