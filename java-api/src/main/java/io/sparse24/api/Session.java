package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.internal.LeakReport;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A backend at work: the operations. Belongs to one thread at a time ({@link #share} makes one for
 * another thread); all memory is the caller's; no operation allocates on the Java heap, but {@link
 * #pack24}, which returns a new view of the packed weight.
 *
 * <p>CPU backends are done when a method returns. A GPU backend queues the work; {@link
 * #synchronize} waits for it and reports what went wrong in it. A session keeps the buffers of
 * queued work reachable until then.
 *
 * <p>Data errors are {@link Sparse24Exception.BadData} and name the first place; outputs are then
 * unspecified. They are: NaN or Inf in what is scored, selected, pruned or summed to norms, a
 * column norm below 0, a score or norm beyond F32, a group with more than two non-zeros where 2:4
 * was promised, or a mask whose groups have not two bits. {@link #allowNonFinite} lets NaN and Inf
 * through. In what is quantized they are an error always.
 *
 * <p>Multiplication ({@link #spmm24}, {@link #gemm}, {@link #sddmm24}) never looks for them: NaN
 * and Inf in X, W, C or the bias take part as IEEE 754 has it. Columns that a 2:4 weight dropped
 * take no part at all, whatever X holds there.
 *
 * <p>Types: what computes a score, norm or gradient takes F32, BF16 and F16; what moves bits
 * ({@link #gather24}, {@link #decompress24}, {@link #applyMask}, {@link #pack24}, {@link
 * #unpack24}) takes every type and leaves row scales alone. Which types a multiplication takes
 * together is said there. A backend that lacks a kernel for what is right in itself answers with
 * {@link Sparse24Exception.Unsupported}.
 *
 * <p>An output is writable memory that overlaps no input and no other output, where the operation
 * does not say otherwise; everything else is an {@link IllegalArgumentException}.
 */
public final class Session implements AutoCloseable {
  private final BackendSession backend;
  private final BackendInfo info;
  private final Guard guard = new Guard();
  private final Kernels kernels;
  private final DeviceMemory memory;
  private final WorkQueue queue;
  private final Calls calls;
  private final Pruning pruning;
  private final Conversions conversions;
  private final Products products;
  private final Steps steps;
  private final Layers layers;
  private final @Nullable LeakReport leak;

  Session(BackendSession backend) {
    this.backend = backend;
    this.info = backend.info();
    this.kernels = new Kernels(backend, guard);
    this.memory = new DeviceMemory(backend, guard);
    this.queue = new WorkQueue(backend, guard, memory);
    this.calls = new Calls(backend, guard, kernels, memory);
    this.pruning = new Pruning(calls);
    this.conversions = new Conversions(calls);
    this.products = new Products(calls);
    this.steps = new Steps(calls);
    this.layers = new Layers(calls);
    this.leak = LeakReport.watch(this, "session of backend " + info.backend());
  }

  // ---- what it is

  /**
   * What this session runs on.
   *
   * @return the facts
   */
  public BackendInfo info() {
    return info;
  }

  /**
   * All kernels of the backend, also those that can't run on this machine.
   *
   * @return by rising id; ids may have gaps, where a newer kernel library has what this version
   *     does not know
   */
  public List<KernelInfo> kernels() {
    return kernels.all();
  }

  /**
   * The kernel that would run an operation whose operands are of one type.
   *
   * @param op what is computed
   * @param dtype element type
   * @param m tokens (rows of X), 0 if it has none
   * @param n outputs
   * @param k inputs
   * @return the kernel
   */
  public KernelInfo kernel(Op op, DType dtype, long m, long n, long k) {
    return kernel(op, dtype, dtype, m, n, k);
  }

  /**
   * The kernel that would run an operation; of a product, one without bias and activation. On CUDA
   * that is cuBLASLt's for a dense weight, where it is found: what its epilogue can't do exactly is
   * computed by a kernel of our own.
   *
   * @param op what is computed
   * @param dtype element type as in {@link KernelInfo#dtype}
   * @param xDtype element type as in {@link KernelInfo#xDtype}
   * @param m tokens (rows of X), 0 if it has none
   * @param n outputs
   * @param k inputs
   * @return the kernel
   */
  public KernelInfo kernel(Op op, DType dtype, DType xDtype, long m, long n, long k) {
    return kernels.choice(op, dtype, xDtype, m, n, k);
  }

  /**
   * Forces a kernel, for measuring and testing.
   *
   * @param kernel one of {@link #kernels}, used for its operation and element types until {@link
   *     #useBestKernels}
   * @return this
   * @throws Sparse24Exception.Unsupported if it can't run on this machine
   */
  public Session useKernel(KernelInfo kernel) {
    kernels.force(kernel);
    return this;
  }

  /**
   * Lets the backend choose again.
   *
   * @return this
   */
  public Session useBestKernels() {
    kernels.forceNone();
    return this;
  }

  /**
   * The numbers by which the backend chooses among its kernels and their shapes.
   *
   * @return all of them, as they are now; empty if nothing of it can be changed
   */
  public List<Heuristic> heuristics() {
    return kernels.heuristics();
  }

  /**
   * Changes a heuristic, for measuring: {@code s24 bench --tune} does. Sessions that {@link #share}
   * makes from then on begin with it.
   *
   * @param heuristic the name of one of {@link #heuristics}
   * @param value within its bounds
   * @return this
   */
  public Session setHeuristic(String heuristic, int value) {
    kernels.setHeuristic(heuristic, value);
    return this;
  }

  /**
   * Whether NaN and Inf are let through (a NaN score ranks lowest) or reported by the operations
   * that look for them: all that score, select, prune or sum norms. Multiplication is not among
   * them.
   *
   * @param allow true lets them through; false, the default, reports the first place
   * @return this
   */
  public Session allowNonFinite(boolean allow) {
    calls.allowNonFinite(allow);
    return this;
  }

  /**
   * A session for another thread, on the same workers (CPU: a call that finds them busy runs on its
   * own thread alone, so that many callers do not oversubscribe the machine) or the same device. It
   * starts like one that was just opened: kernels forced here and {@link #allowNonFinite} are not
   * taken over.
   *
   * {@snippet file="io/sparse24/examples/ServerExample.java" region="server"}
   *
   * @return the session, closed on its own
   */
  public Session share() {
    try (Turn _ = guard.enterToWait("share")) {
      return new Session(backend.share());
    }
  }

  // ---- memory

  /**
   * Allocates memory the operations take: host memory, or the device's where {@link
   * BackendInfo#hostMemory} is false.
   *
   * @param arena frees host memory; device memory is freed with its buffer or this session
   * @param bytes size
   * @return the buffer
   */
  public Buffer allocate(Arena arena, long bytes) {
    return info.hostMemory() ? HostBuffer.allocate(arena, bytes) : allocateDevice(bytes);
  }

  /**
   * Memory for intermediate results, freed together.
   *
   * @return closed by the caller, before this session
   */
  public Scratch scratch() {
    return new Scratch(this);
  }

  /**
   * Allocates device memory.
   *
   * @param bytes size, at least 0
   * @return the buffer
   * @throws Sparse24Exception.OutOfMemory if there is not enough
   */
  public DeviceBuffer allocateDevice(long bytes) {
    return memory.allocate(bytes);
  }

  /**
   * Allocates zeroed host memory that the device copies from and to directly (pinned), for {@link
   * #copyAsync}. There is less of it than of other memory, and it costs more to allocate. On a CPU
   * backend it is plain memory.
   *
   * @param bytes size, at least 0
   * @return the buffer, aligned to 64 bytes; its close, or this session's, frees it
   * @throws Sparse24Exception.OutOfMemory if there is not enough
   */
  public PinnedBuffer allocateHost(long bytes) {
    return memory.allocateHost(bytes);
  }

  /**
   * Copies bytes between buffers of any kind. Copies to the host are done on return, and report
   * what went wrong in the work queued before, as {@link #synchronize} does.
   *
   * @param from source
   * @param to destination of at least the same size
   */
  public void copy(Buffer from, Buffer to) {
    memory.copy(from, to);
  }

  /**
   * Copies bytes between the device and host memory of {@link #allocateHost}, behind what was
   * queued before: it returns at once, and until an event recorded behind it, or {@link
   * #synchronize}, the host's memory is the copy's. Other host memory is copied as {@link #copy}
   * does, which waits.
   *
   * @param from source
   * @param to destination of at least the same size
   */
  public void copyAsync(Buffer from, Buffer to) {
    memory.copyAsync(from, to);
  }

  // ---- the queue

  /**
   * The queue that this session's operations go to, for a caller who adds work of his own: the
   * address of a {@code cudaStream_t}. It is this session's as long as that is open.
   *
   * @return the address, 0 where operations are done when they return
   */
  public long queue() {
    return queue.address();
  }

  /**
   * Makes an event.
   *
   * @return one that was not recorded yet; its close, or this session's, frees it
   */
  public Event event() {
    return queue.event();
  }

  /**
   * Makes an event the place behind all that was queued here before.
   *
   * @param event of this session, or another of its backend on the same device
   */
  public void record(Event event) {
    queue.record(event);
  }

  /**
   * Lets what is queued here from now on wait for an event: the session's thread does not. One that
   * was never recorded is not waited for.
   *
   * @param event of any session of this backend
   */
  public void waitFor(Event event) {
    queue.waitFor(event);
  }

  /**
   * Waits until what was queued before an event is done. What went wrong in it is not told here but
   * by {@link #synchronize()}.
   *
   * @param event of any session of this backend; one that was never recorded is not waited for
   */
  public void synchronize(Event event) {
    queue.synchronize(event);
  }

  /**
   * Time between two events, of which it waits for the later.
   *
   * @param start recorded first
   * @param end recorded later, on the same device
   * @return milliseconds
   * @throws IllegalArgumentException if one of them was never recorded
   */
  public double elapsed(Event start, Event end) {
    return queue.elapsed(start, end);
  }

  /**
   * Records operations instead of running them, as a graph that queues all of them by one call:
   * what that saves is the cost of a call each. The operations are those that {@code work} calls on
   * this session, with {@link #copyAsync}, {@link #record} and {@link #waitFor}; their arguments
   * are part of the graph, their buffers' content is not. What waits or allocates is refused
   * meanwhile, and nothing is recorded if {@code work} throws.
   *
   * <p>Run the operations once before: a session's workspace can't grow in a capture.
   *
   * @param work calls the operations, on the calling thread
   * @return the graph; its close, or this session's, frees it
   * @throws Sparse24Exception.Unsupported if the backend has no queue to record
   */
  public Graph capture(Runnable work) {
    return queue.capture(work);
  }

  // ---- operations

  /**
   * Adds the squared column norms of a batch: {@code s[j] = decay · s[j] + scale · Σᵢ x[i,j]²}, in
   * F32 with F64 sums inside the call. A plain running sum has decay and scale 1; the running mean
   * of Wanda over sequences has {@code c/(c+B)} and {@code 1/(c+B)}.
   *
   * @param x activations {@code [tokens, k]}
   * @param s norms {@code [1, k]} F32, updated
   * @param decay factor of the old norms, finite
   * @param scale factor of the new sums, finite
   */
  public void accumulateNorms(Matrix x, Matrix s, float decay, float scale) {
    pruning.accumulateNorms(x, s, decay, scale);
  }

  /**
   * Scores of a weight: |W|, or |W|·√s.
   *
   * @param w weight {@code [n, k]}
   * @param kind which score
   * @param s norms {@code [1, k]} F32 for {@link ScoreKind#WANDA}, null for {@link
   *     ScoreKind#MAGNITUDE}
   * @param out scores {@code [n, k]} F32
   */
  public void score(Matrix w, ScoreKind kind, @Nullable Matrix s, Matrix out) {
    pruning.score(w, kind, s, out);
  }

  /**
   * What a score may want to know of a matrix: the sums of |x| by rows and by columns, in F64 and
   * then rounded, and the least and the greatest x, among which NaN is not, where it is allowed.
   *
   * @param x {@code [rows, cols]} of F32, BF16 or F16, neither 0
   * @param rowSums {@code [1, rows]} F32
   * @param colSums {@code [1, cols]} F32
   * @param range {@code [1, 2]} F32: least, greatest
   */
  public void margins(Matrix x, Matrix rowSums, Matrix colSums, Matrix range) {
    pruning.margins(x, rowSums, colSums, range);
  }

  /**
   * Scores of a weight by factors.
   *
   * @param w weight {@code [n, k]} of F32, BF16 or F16
   * @param factors what |W| is multiplied by
   * @param out scores {@code [n, k]} F32
   */
  public void score(Matrix w, ScoreFactors factors, Matrix out) {
    pruning.score(w, factors, out);
  }

  /**
   * n:m selection: in each aligned group of {@code of} columns the {@code keep} highest scores, the
   * lower index on a tie.
   *
   * @param scores scores {@code [n, k]} F32; k a multiple of {@code of}
   * @param keep how many of each group, 0 to {@code of}
   * @param of size of a group, 1 to 64
   * @param out the mask {@code [n, k]}
   */
  public void select(Matrix scores, int keep, int of, Mask out) {
    pruning.select(scores, keep, of, out);
  }

  /**
   * Scores, selects 2:4 and compresses in one pass.
   *
   * @param w weight {@code [n, k]}, k a multiple of 4
   * @param kind which score
   * @param s norms {@code [1, k]} F32 for {@link ScoreKind#WANDA}, null for {@link
   *     ScoreKind#MAGNITUDE}
   * @param out the result; kept values are copied bit for bit
   */
  public void prune24(Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out) {
    pruning.prune24(w, kind, s, out, false);
  }

  /**
   * Scores by factors, selects 2:4 and compresses in one pass; of two scores that are equal the
   * lower column stays.
   *
   * @param w weight {@code [n, k]} of F32, BF16 or F16, k a multiple of 4
   * @param factors what |W| is multiplied by
   * @param out the result, {@code [n, k]} of the same type
   */
  public void prune24(Matrix w, ScoreFactors factors, Compressed24 out) {
    pruning.prune24(w, factors, out);
  }

  /**
   * Compresses a weight that is 2:4 already: a group of four with more than two non-zeros (-0.0 is
   * zero) is an error, never a silent drop. A group with fewer keeps its lowest zeros too, so that
   * each has two.
   *
   * @param w weight {@code [n, k]}, k a multiple of 4
   * @param out the result
   * @throws Sparse24Exception.BadData if it is not 2:4, with the first place
   */
  public void compress24(Matrix w, Compressed24 out) {
    pruning.prune24(w, ScoreKind.MAGNITUDE, null, out, true);
  }

  /**
   * Gathers the values a mask keeps.
   *
   * @param w weight {@code [n, k]}
   * @param out its mask says what to keep, exactly two bits a group; its values are written
   * @throws Sparse24Exception.BadData if a group of the mask has not two bits
   */
  public void gather24(Matrix w, Compressed24 out) {
    conversions.gather24(w, out);
  }

  /**
   * Back to dense: kept values bit for bit, +0 elsewhere.
   *
   * @param in the weight
   * @param out {@code [n, k]} of the same type
   */
  public void decompress24(Compressed24 in, Matrix out) {
    conversions.decompress24(in, out);
  }

  /**
   * Zeroes what a mask of any pattern drops.
   *
   * @param w weight {@code [n, k]}
   * @param mask which elements to keep
   * @param out {@code [n, k]} of the same type and row stride; may be w
   */
  public void applyMask(Matrix w, Mask mask, Matrix out) {
    conversions.applyMask(w, mask, out);
  }

  /**
   * The layout this session's multiplication reads fastest, with X of the weight's type, of BF16
   * where that is a scaled one.
   *
   * @param dtype element type
   * @param m tokens expected a call, 0 if unknown
   * @param n outputs
   * @param k inputs
   * @return the backend's number of it
   */
  public int packedLayout(DType dtype, long m, long n, long k) {
    return packedLayout(dtype, dtype.scaled() ? DType.BF16 : dtype, m, n, k);
  }

  /**
   * The layout this session's multiplication reads fastest.
   *
   * @param dtype element type of the weight
   * @param xDtype element type of X
   * @param m tokens expected a call, 0 if unknown
   * @param n outputs
   * @param k inputs
   * @return the backend's number of it
   */
  public int packedLayout(DType dtype, DType xDtype, long m, long n, long k) {
    return kernel(Op.SPMM24, dtype, xDtype, m, n, k).layout();
  }

  /**
   * Size of a packed weight.
   *
   * @param dtype element type
   * @param layout from {@link #packedLayout}
   * @param n outputs
   * @param k inputs, a multiple of 4
   * @return bytes
   */
  public long packedBytes(DType dtype, int layout, long n, long k) {
    return conversions.packedBytes(dtype, layout, n, k);
  }

  /**
   * Packs a weight into the backend's own layout, once before many multiplications.
   *
   * @param in the weight; the packed one looks at the same row scales
   * @param layout from {@link #packedLayout}
   * @param buffer where to, aligned to 64 bytes, of at least {@link #packedBytes}
   * @return the packed weight
   * @throws Sparse24Exception.BadData if a group of the mask has not two bits
   */
  public Packed24 pack24(Compressed24 in, int layout, Buffer buffer) {
    return conversions.pack24(in, layout, buffer);
  }

  /**
   * Gives the canonical form of a packed weight back, bit for bit.
   *
   * @param in the packed weight
   * @param out where to
   */
  public void unpack24(Packed24 in, Compressed24 out) {
    conversions.unpack24(in, out);
  }

  /**
   * Y = X Wᵀ with a 2:4 weight.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}, packed
   * @param y {@code [m, n]}, written
   */
  public void spmm24(Matrix x, Packed24 w, Matrix y) {
    spmm24(x, w, null, y, Epilogue.NONE);
  }

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias) with a 2:4 weight. W, X and Y are of one type, F32,
   * BF16 or F16; or W is of I8 or F8_E4M3 and X and Y of F32 or of BF16; or W and X are both of I8
   * (k less than 2¹⁷) or both of F8_E4M3, and Y of F32 or BF16. C is of Y's type. Sums are in F32,
   * of I8 times I8 in I32.
   *
   * <p>NaN and Inf are no errors here but propagate as in IEEE arithmetic, from kept columns only:
   * what X holds where a row of W dropped the column has no part in that row's result. A sum whose
   * products' magnitudes add up to more than F32's largest number may overflow on its way. Vector
   * kernels with X in BF16 may take subnormals, of X, W, products and sums, for zero.
   *
   * @param x {@code [m, k]}, with row scales if it is of a scaled type
   * @param w {@code [n, k]}, packed, with row scales if it is of a scaled type
   * @param c {@code [m, n]}, may be y; ignored, whatever it is, if beta is 0
   * @param y {@code [m, n]}, written
   * @param epilogue alpha, beta, bias, activation
   */
  public void spmm24(Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    products.spmm24(x, w, c, y, epilogue);
  }

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias) + T Rᵀ with a 2:4 weight and a low-rank term beside it,
   * all of it summed in F32 and rounded once. X is of F32, BF16 or F16; the rest is as without the
   * term.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}, packed, with row scales if it is of a scaled type
   * @param c {@code [m, n]}, may be y; ignored, whatever it is, if beta is 0
   * @param y {@code [m, n]}, written
   * @param epilogue alpha, beta, bias, activation
   * @param lowRank T {@code [m, rank]} and R {@code [n, rank]} of X's type
   */
  public void spmm24(
      Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, LowRank lowRank) {
    products.spmm24(x, w, c, y, epilogue, lowRank);
  }

  /**
   * Y = X Wᵀ with a dense weight.
   *
   * @param x {@code [m, k]}
   * @param w {@code [n, k]}
   * @param y {@code [m, n]}, written
   */
  public void gemm(Matrix x, Matrix w, Matrix y) {
    gemm(x, w, null, y, Epilogue.NONE);
  }

  /**
   * Y = act(alpha · X Wᵀ + beta · C + bias) with a dense weight. The types are those of {@link
   * #spmm24(Matrix, Packed24, Matrix, Matrix, Epilogue)}.
   *
   * <p>NaN and Inf are no errors here but propagate as in IEEE arithmetic, so a zero of W times an
   * Inf of X is NaN. A sum whose products' magnitudes add up to more than F32's largest number may
   * overflow on its way. Vector kernels with X in BF16 may take subnormals, of X, W, products and
   * sums, for zero.
   *
   * @param x {@code [m, k]}, with row scales if it is of a scaled type
   * @param w {@code [n, k]}, with row scales if it is of a scaled type
   * @param c {@code [m, n]}, may be y; ignored, whatever it is, if beta is 0
   * @param y {@code [m, n]}, written
   * @param epilogue alpha, beta, bias, activation
   */
  public void gemm(Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    products.gemm(x, w, c, y, epilogue);
  }

  /**
   * Quantizes each row by itself: its scale is the largest |x| over the largest value of the type,
   * 127 or 448, but at least 2⁻¹²⁶, and 1 where the row is all 0; {@code out = x / scale}, rounded
   * to nearest even. All of it in F32, so that every backend gives the same bits.
   *
   * <p>Of a 2:4 weight the values can be quantized where they are: the scale of a row is the same
   * without its zeros.
   *
   * {@snippet file="io/sparse24/examples/Int8Example.java" region="int8"}
   *
   * @param x {@code [rows, cols]} of F32, BF16 or F16
   * @param out {@code [rows, cols]} of I8 or F8_E4M3, with row scales; both are written
   * @throws Sparse24Exception.BadData if x has a NaN or Inf, with the first place
   */
  public void quantize(Matrix x, Matrix out) {
    conversions.quantize(x, out);
  }

  /**
   * The gradient of a 2:4 weight where it has values: {@code values = dYᵀ X} at the kept places.
   *
   * @param dy gradient of Y, {@code [m, n]}
   * @param x {@code [m, k]}
   * @param mask the weight's, {@code [n, k]}
   * @param values {@code [n, k/2]} F32, written
   */
  public void sddmm24(Matrix dy, Matrix x, Mask mask, Matrix values) {
    sddmm24(dy, x, mask, values, 1, 0);
  }

  /**
   * The gradient of a 2:4 weight where it has values: {@code values[j, c] = alpha · Σᵢ dy[i, j] ·
   * x[i, column of kept value c] + beta · values[j, c]}, sums in F32: the product ∇W = ∇Yᵀ X of
   * SLoPe (Mozaffari and others, <a href="https://arxiv.org/abs/2405.16325">arXiv 2405.16325</a>),
   * of which only the half that an update needs is computed.
   *
   * @param dy gradient of Y, {@code [m, n]}
   * @param x {@code [m, k]} of the same type, F32, BF16 or F16; k a multiple of 4
   * @param mask the weight's, {@code [n, k]}
   * @param values {@code [n, k/2]} F32, written; not read if beta is 0
   * @param alpha factor of the product
   * @param beta factor of what values holds
   * @throws Sparse24Exception.BadData if a group of the mask has not two bits
   */
  public void sddmm24(Matrix dy, Matrix x, Mask mask, Matrix values, float alpha, float beta) {
    products.sddmm24(dy, x, mask, values, alpha, beta);
  }

  /**
   * From W, 2:4 along its rows, the transpose that is 2:4 along its rows as well, for the gradient
   * of X in SLoPe (Mozaffari and others, <a href="https://arxiv.org/abs/2405.16325">arXiv
   * 2405.16325</a>): ∇X = ∇Y W<sup>R,C</sup> is {@link #spmm24} of ∇Y with the packed result. In
   * each column of W, of each aligned group of four rows, the two kept values of largest magnitude
   * stay, the lower row on a tie. A group with fewer is filled up with the lowest rows that are
   * left, of value +0. Nothing is scaled.
   *
   * @param in W, {@code [n, k]} of F32, BF16 or F16, n a multiple of 4
   * @param out its transpose, {@code [k, n]} of the same type; kept values are copied bit for bit
   * @throws Sparse24Exception.BadData if a group of the mask has not two bits
   */
  public void doublePrune24(Compressed24 in, Compressed24 out) {
    pruning.doublePrune24(in, out);
  }

  /**
   * {@link #prune24} of W and {@link #doublePrune24} of its result in one pass over W: both weights
   * of a training step of SLoPe, bit for bit as the two operations give them.
   *
   * @param w W, {@code [n, k]} of F32, BF16 or F16, n and k multiples of 4
   * @param kind which score W is pruned by; its transpose is by magnitude
   * @param s norms {@code [1, k]} F32 for {@link ScoreKind#WANDA}, null for {@link
   *     ScoreKind#MAGNITUDE}
   * @param out W pruned, {@code [n, k]}, for Y = X Wᵀ
   * @param transpose its transpose, {@code [k, n]}, 2:4 along its rows as well, for ∇X = ∇Y W
   */
  public void prune24Both(
      Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out, Compressed24 transpose) {
    pruning.prune24Both(w, kind, s, out, transpose);
  }

  /**
   * {@link #doublePrune24} with a mask that is there already: the values of Wᵀ at out's mask, +0
   * where W keeps none. So a mask that was chosen once serves many steps, and the two masks are all
   * that is needed to find a value.
   *
   * @param in W, {@code [n, k]} of F32, BF16 or F16, n and k multiples of 4
   * @param out Wᵀ, {@code [k, n]}: its mask is read, its values are written
   * @throws Sparse24Exception.BadData if a group of a mask has not two bits
   */
  public void refresh24(Compressed24 in, Compressed24 out) {
    pruning.refresh24(in, out);
  }

  /**
   * Rows to columns: {@code out[j, i] = x[i, j]}, bits copied; row scales are left alone.
   *
   * @param x {@code [rows, cols]} of any type
   * @param out {@code [cols, rows]} of the same type, written
   */
  public void transpose(Matrix x, Matrix out) {
    conversions.transpose(x, out);
  }

  /**
   * {@code y = alpha · x + beta · y}, computed in F32. NaN and Inf propagate.
   *
   * @param alpha factor of x
   * @param x {@code [rows, cols]} of y's type, or of F32, BF16 or F16 where y is of F32
   * @param beta factor of what y holds, which is not read where this is 0
   * @param y {@code [rows, cols]} of F32, BF16 or F16, updated
   */
  public void axpby(float alpha, Matrix x, float beta, Matrix y) {
    conversions.axpby(alpha, x, beta, y);
  }

  /**
   * What a decoder needs beside products, forward and back.
   *
   * @return operations of this session, one object as long as it lives
   */
  public Layers layers() {
    return layers;
  }

  /**
   * To another element type: {@code out = x}, rounded to nearest even. What is too large becomes an
   * infinity, NaN stays NaN (its other bits may change). Of a type with row scales {@code out[i, j]
   * = x[i, j] · scales[i]}: the product is rounded to F32, and that to the type of out, so that
   * every backend gives the same bits. Within one type bits are copied.
   *
   * @param x {@code [rows, cols]} of any type, with row scales if it is of I8 or F8_E4M3
   * @param out {@code [rows, cols]} of F32, BF16 or F16, written
   */
  public void cast(Matrix x, Matrix out) {
    conversions.cast(x, out);
  }

  /**
   * A step of AdamW (Loshchilov and Hutter, <a href="https://arxiv.org/abs/1711.05101">arXiv
   * 1711.05101</a>) on the values of a 2:4 weight, which SLoPe (Mozaffari and others, <a
   * href="https://arxiv.org/abs/2405.16325">arXiv 2405.16325</a>) trains by themselves, or on any
   * other parameter. Of each number, in F32:
   *
   * <pre>{@code
   * g      = gradScale · gradient
   * m      = beta1 · m + (1 − beta1) · g
   * v      = beta2 · v + (1 − beta2) · g²
   * master = master − lr · weightDecay · master − lr · √(1 − beta2^step) / (1 − beta1^step) · m / (√v + epsilon)
   * values = master, rounded to nearest even
   * }</pre>
   *
   * <p>Both terms are taken from the weight as it was, and epsilon is added to √v before v is
   * corrected for its start at 0, as SLoPe's authors do; where epsilon is added after it, as in
   * PyTorch, it counts for {@code 1 / √(1 − beta2^step)} times as much. All kernels of the CPU and
   * CUDA libraries give the same bits. NaN and Inf are no errors here but propagate, each to its
   * own number. Rows of all five have no gaps.
   *
   * @param gradient {@code [rows, cols]} F32, such as {@link #sddmm24} gives
   * @param master the weight in F32, {@code [rows, cols]}, updated
   * @param m first moment, {@code [rows, cols]} F32, updated; 0 before the first step
   * @param v second moment, {@code [rows, cols]} F32, updated; 0 before the first step
   * @param values the weight as products read it, {@code [rows, cols]} of F32, BF16 or F16,
   *     written; may be master
   * @param settings learning rate and the like
   * @param step number of the step, from 1
   * @param gradScale factor of the gradient: one over a loss scale or a number of batches
   */
  public void adamw(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix v,
      Matrix values,
      AdamW settings,
      long step,
      float gradScale) {
    steps.adamw(gradient, master, m, v, values, settings, step, gradScale);
  }

  /**
   * A step of gradient descent with momentum (Polyak's, as PyTorch's {@code SGD} has it), on the
   * values of a 2:4 weight or any other parameter. Of each number, in F32:
   *
   * <pre>{@code
   * g      = gradScale · gradient + weightDecay · master
   * m      = momentum · m + g
   * master = master − lr · m
   * values = master, rounded to nearest even
   * }</pre>
   *
   * <p>All kernels of the CPU and CUDA libraries give the same bits. NaN and Inf are no errors here
   * but propagate, each to its own number. Rows of all four have no gaps.
   *
   * @param gradient {@code [rows, cols]} F32, such as {@link #sddmm24} gives
   * @param master the weight in F32, {@code [rows, cols]}, updated
   * @param m the momentum, {@code [rows, cols]} F32, updated; 0 before the first step
   * @param values the weight as products read it, {@code [rows, cols]} of F32, BF16 or F16,
   *     written; may be master
   * @param settings learning rate and the like
   * @param gradScale factor of the gradient: one over a loss scale or a number of batches
   */
  public void sgd(
      Matrix gradient, Matrix master, Matrix m, Matrix values, Sgd settings, float gradScale) {
    steps.sgd(gradient, master, m, values, settings, gradScale);
  }

  /** Waits until all queued work is done, and throws what went wrong in it. */
  public void synchronize() {
    queue.synchronize();
  }

  /**
   * Waits for queued work and frees everything, also where something fails: what failed first is
   * thrown, with the rest suppressed. A second call does nothing.
   */
  @Override
  public void close() {
    try (Turn _ = guard.enterEvenIfClosed()) {
      if (guard.closed()) {
        return;
      }
      guard.markClosed();
      if (leak != null) {
        leak.closed();
      }
      Failures failures = new Failures();
      queue.freeAll(failures);
      memory.freeAll(failures);
      failures.guard(backend::close);
      failures.rethrow();
    }
  }

  /** Backend and state, for messages. */
  @Override
  public String toString() {
    return "session of " + info.backend() + (guard.closed() ? " (closed)" : "");
  }

  static Session of(BackendSession backend) {
    return new Session(Objects.requireNonNull(backend, "backend"));
  }
}
