package io.sparse24.api;

import io.sparse24.api.internal.LeakReport;
import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
  private static final int DTYPES = DType.values().length;
  private static final VarHandle OWNER;

  static {
    try {
      OWNER = MethodHandles.lookup().findVarHandle(Session.class, "owner", Thread.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final BackendSession backend;
  private final BackendInfo info;
  private final String name;
  private final boolean hostMemory;
  private final List<KernelInfo> kernels;
  private final int[] forced = new int[Op.values().length * DTYPES * DTYPES];
  private final DeviceMemory memory;
  private final Layers layers;
  private final @Nullable LeakReport leak;

  private final Set<Event> events = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Graph> graphs = Collections.newSetFromMap(new IdentityHashMap<>());

  private boolean allowNonFinite;
  private boolean closed;
  private @Nullable Capture capture; // what is being recorded uses; null where nothing is

  @SuppressWarnings("UnusedVariable") // through OWNER
  private volatile @Nullable Thread owner;

  Session(BackendSession backend) {
    this.backend = backend;
    this.info = backend.info();
    this.name = info.backend();
    this.hostMemory = info.hostMemory();
    this.kernels = backend.kernels();
    this.memory = new DeviceMemory(this, backend);
    this.layers = new Layers(this, backend.layers(), name);
    Arrays.fill(forced, BackendSession.AUTO);
    this.leak = LeakReport.watch(this, "session of backend " + name);
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
    return kernels;
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
    Checks.extent("m", m);
    Checks.extent("n", n);
    Checks.extent("k", k);
    enter();
    try {
      int id = forced(op, dtype, xDtype);
      return kernelOf(
          id == BackendSession.AUTO ? backend.chooseKernel(op, dtype, xDtype, -1, m, n, k) : id);
    } finally {
      exit();
    }
  }

  /** By its id, which need not be its place: kernels this version does not know are passed over. */
  private KernelInfo kernelOf(int id) {
    for (KernelInfo kernel : kernels) {
      if (kernel.id() == id) {
        return kernel;
      }
    }
    throw new Sparse24Exception.Internal(
        "backend " + name + " chose kernel " + id + ", not listed");
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
    if (!kernels.contains(kernel)) {
      throw new IllegalArgumentException("kernel: " + kernel.name() + " is not of backend " + name);
    }
    if (!kernel.available()) {
      throw new Sparse24Exception.Unsupported(kernel.name() + ": " + kernel.reason());
    }
    enter();
    try {
      forced[slot(kernel.op(), kernel.dtype(), kernel.xDtype())] = kernel.id();
    } finally {
      exit();
    }
    return this;
  }

  /**
   * Lets the backend choose again.
   *
   * @return this
   */
  public Session useBestKernels() {
    enter();
    try {
      Arrays.fill(forced, BackendSession.AUTO);
    } finally {
      exit();
    }
    return this;
  }

  /**
   * The numbers by which the backend chooses among its kernels and their shapes.
   *
   * @return all of them, as they are now; empty if nothing of it can be changed
   */
  public List<Heuristic> heuristics() {
    enter();
    try {
      return backend.heuristics();
    } finally {
      exit();
    }
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
    enter();
    try {
      List<Heuristic> all = backend.heuristics();
      for (int index = 0; index < all.size(); index++) {
        Heuristic one = all.get(index);
        if (one.name().equals(heuristic)) {
          if (value < one.least() || value > one.most()) {
            throw new IllegalArgumentException(
                heuristic + ": is " + value + ", must be " + one.least() + " to " + one.most());
          }
          backend.setHeuristic(index, value);
          return this;
        }
      }
      throw new IllegalArgumentException(
          "heuristic: is '"
              + heuristic
              + "', must be one of "
              + all.stream().map(Heuristic::name).toList());
    } finally {
      exit();
    }
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
    enter();
    try {
      this.allowNonFinite = allow;
    } finally {
      exit();
    }
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
    enterToWait("share");
    try {
      return new Session(backend.share());
    } finally {
      exit();
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
    return hostMemory ? HostBuffer.allocate(arena, bytes) : allocateDevice(bytes);
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
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: is " + bytes + ", must be at least 0");
    }
    enterToWait("allocateDevice");
    try {
      return memory.allocate(bytes);
    } finally {
      exit();
    }
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
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: is " + bytes + ", must be at least 0");
    }
    enterToWait("allocateHost");
    try {
      return memory.allocateHost(bytes);
    } finally {
      exit();
    }
  }

  void free(DeviceBuffer buffer) {
    acquire();
    try {
      if (!closed) { // else its close has freed it
        outsideCapture("to close a buffer");
        memory.free(buffer);
      }
    } finally {
      exit();
    }
  }

  void free(PinnedBuffer buffer) {
    acquire();
    try {
      if (!closed) {
        outsideCapture("to close a buffer");
        memory.free(buffer);
      }
    } finally {
      exit();
    }
  }

  /**
   * Copies bytes between buffers of any kind. Copies to the host are done on return, and report
   * what went wrong in the work queued before, as {@link #synchronize} does.
   *
   * @param from source
   * @param to destination of at least the same size
   */
  public void copy(Buffer from, Buffer to) {
    checkCopy(from, to);
    enterToWait("copy");
    try {
      memory.copy(from, to);
    } finally {
      exit();
    }
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
    checkCopy(from, to);
    enter();
    try {
      Capture recorded = capture;
      if (recorded != null) {
        if (!memory.asynchronous(from, to)) {
          throw new IllegalArgumentException(
              "from, to: a graph copies between the device and memory of Session.allocateHost");
        }
        recorded.uses(from);
        recorded.uses(to);
      }
      memory.copyAsync(from, to);
    } finally {
      exit();
    }
  }

  private static void checkCopy(Buffer from, Buffer to) {
    if (to.byteSize() < from.byteSize()) {
      throw new IllegalArgumentException(
          "to: has " + to.byteSize() + " bytes, must have at least " + from.byteSize());
    }
    if (to instanceof HostBuffer host) {
      Checks.writable("to", host.segment());
    }
  }

  // ---- the queue

  /**
   * The queue that this session's operations go to, for a caller who adds work of his own: the
   * address of a {@code cudaStream_t}. It is this session's as long as that is open.
   *
   * @return the address, 0 where operations are done when they return
   */
  public long queue() {
    enter();
    try {
      return backend.queue();
    } finally {
      exit();
    }
  }

  /**
   * Makes an event.
   *
   * @return one that was not recorded yet; its close, or this session's, frees it
   */
  public Event event() {
    enter();
    try {
      Event event = new Event(this, backend.createEvent());
      events.add(event);
      return event;
    } finally {
      exit();
    }
  }

  /**
   * Makes an event the place behind all that was queued here before.
   *
   * @param event of this session, or another of its backend on the same device
   */
  public void record(Event event) {
    enter();
    try {
      synchronized (event) {
        backend.record(handle("event", event));
      }
    } finally {
      exit();
    }
  }

  /**
   * Lets what is queued here from now on wait for an event: the session's thread does not. One that
   * was never recorded is not waited for.
   *
   * @param event of any session of this backend
   */
  public void waitFor(Event event) {
    enter();
    try {
      synchronized (event) {
        backend.waitFor(handle("event", event));
      }
    } finally {
      exit();
    }
  }

  /**
   * Waits until what was queued before an event is done. What went wrong in it is not told here but
   * by {@link #synchronize()}.
   *
   * @param event of any session of this backend; one that was never recorded is not waited for
   */
  public void synchronize(Event event) {
    enterToWait("synchronize");
    try {
      synchronized (event) {
        backend.synchronize(handle("event", event));
      }
    } finally {
      exit();
    }
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
    enterToWait("elapsed");
    try {
      // In one order everywhere, or two threads with the same events could wait for each other.
      boolean inOrder = start.number() <= end.number();
      synchronized (inOrder ? start : end) {
        synchronized (inOrder ? end : start) {
          return backend.elapsed(handle("start", start), handle("end", end));
        }
      }
    } finally {
      exit();
    }
  }

  private BackendEvent handle(String what, Event event) {
    String other = event.session().name;
    if (!other.equals(name)) {
      throw new IllegalArgumentException(
          what + ": is of backend " + other + ", this session's is " + name);
    }
    Capture recorded = capture;
    if (recorded != null) {
      recorded.uses(event);
    }
    return event.handle();
  }

  void free(Event event) {
    acquire();
    try {
      if (!closed) {
        outsideCapture("to close an event");
      }
      if (!closed && events.remove(event) && event.markClosed()) {
        backend.destroyEvent(event.destroyed());
      }
    } finally {
      exit();
    }
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
    enterToWait("capture");
    try {
      backend.beginCapture();
      capture = new Capture();
    } finally {
      exit();
    }
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      abandonCapture(e);
      throw e;
    }
    enter();
    try {
      Capture recorded = Objects.requireNonNull(capture);
      BackendGraph ended = backend.endCapture();
      capture = null;
      Graph graph = recorded.graph(this, ended);
      graphs.add(graph);
      return graph;
    } finally {
      exit();
    }
  }

  private void abandonCapture(Throwable cause) {
    acquire();
    try {
      capture = null;
      if (!closed) {
        backend.destroyGraph(backend.endCapture());
      }
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    } finally {
      exit();
    }
  }

  void launch(Graph graph) {
    enterToWait("launch");
    try {
      backend.launch(graph.ready());
      memory.hold(graph);
    } finally {
      exit();
    }
  }

  void free(Graph graph) {
    acquire();
    try {
      if (!closed && graphs.remove(graph) && graph.markClosed()) {
        backend.destroyGraph(graph.handle());
      }
    } finally {
      exit();
    }
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
    Checks.vector("s", s, x.cols());
    Checks.finite("decay", decay);
    Checks.finite("scale", scale);
    Checks.writable("s", s.segment());
    Checks.noOverlap("s", s, "x", x);
    place("x", x);
    place("s", s);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.accumulateNorms(
          x, s, decay, scale, allowNonFinite, forced(Op.ACCUMULATE_NORMS, x.dtype()));
      OperationEvent.finish(event, Op.ACCUMULATE_NORMS, name, x.dtype(), x.rows(), 0, x.cols());
    } finally {
      exit();
    }
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
    Checks.shape("out", out, w.rows(), w.cols(), DType.F32);
    Checks.norms(kind, s, w.cols());
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "w", w);
    place("w", w);
    place("out", out);
    Checks.noOverlap("out", out, "s", s);
    place("s", s);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.score(w, kind, s, out, allowNonFinite, forced(Op.SCORE, w.dtype()));
      OperationEvent.finish(event, Op.SCORE, name, w.dtype(), 0, w.rows(), w.cols());
    } finally {
      exit();
    }
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
    Checks.shape("scores", scores, out.rows(), out.cols(), DType.F32);
    if (of < 1 || of > 64) {
      throw new IllegalArgumentException("of: is " + of + ", must be between 1 and 64");
    }
    if (keep < 0 || keep > of) {
      throw new IllegalArgumentException("keep: is " + keep + ", must be between 0 and of = " + of);
    }
    Checks.multiple("scores: k", scores.cols(), of);
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "scores", scores);
    place("scores", scores);
    place("out", out.buffer());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.select(scores, keep, of, out, allowNonFinite, forced(Op.SELECT, DType.F32));
      OperationEvent.finish(event, Op.SELECT, name, DType.F32, 0, out.rows(), out.cols());
    } finally {
      exit();
    }
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
    prune(w, kind, s, out, false);
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
    prune(w, ScoreKind.MAGNITUDE, null, out, true);
  }

  private void prune(
      Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out, boolean require24) {
    pruned(w, kind, s, out);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.prune24(w, kind, s, out, allowNonFinite, require24, forced(Op.PRUNE24, w.dtype()));
      OperationEvent.finish(event, Op.PRUNE24, name, w.dtype(), 0, w.rows(), w.cols());
    } finally {
      exit();
    }
  }

  /** The operands of what prunes. */
  private void pruned(Matrix w, ScoreKind kind, @Nullable Matrix s, Compressed24 out) {
    Checks.compressed("out", out, w);
    Checks.norms(kind, s, w.cols());
    Checks.output(out);
    Checks.noOverlap(out, "w", w);
    Checks.noOverlap(out, "s", s);
    place("w", w);
    place("out.values", out.values());
    place("out.mask", out.mask().buffer());
    if (s != null) {
      place("s", s);
    }
  }

  /**
   * Gathers the values a mask keeps.
   *
   * @param w weight {@code [n, k]}
   * @param out its mask says what to keep, exactly two bits a group; its values are written
   * @throws Sparse24Exception.BadData if a group of the mask has not two bits
   */
  public void gather24(Matrix w, Compressed24 out) {
    Checks.compressed("out", out, w);
    Checks.writable("out.values", out.values().segment());
    Checks.noOverlap("out.values", out.values(), "w", w);
    Checks.noOverlap("out.values", out.values(), "out.mask", out.mask());
    place("w", w);
    place("out.values", out.values());
    place("out.mask", out.mask().buffer());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.compress24(w, out.mask(), out.values(), forced(Op.COMPRESS24, w.dtype()));
      OperationEvent.finish(event, Op.COMPRESS24, name, w.dtype(), 0, w.rows(), w.cols());
    } finally {
      exit();
    }
  }

  /**
   * Back to dense: kept values bit for bit, +0 elsewhere.
   *
   * @param in the weight
   * @param out {@code [n, k]} of the same type
   */
  public void decompress24(Compressed24 in, Matrix out) {
    Checks.compressed("in", in, out);
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "in.values", in.values());
    Checks.noOverlap("out", out, "in.mask", in.mask());
    place("in.values", in.values());
    place("in.mask", in.mask().buffer());
    place("out", out);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.decompress24(in, out, forced(Op.DECOMPRESS24, out.dtype()));
      OperationEvent.finish(event, Op.DECOMPRESS24, name, out.dtype(), 0, in.n(), in.k());
    } finally {
      exit();
    }
  }

  /**
   * Zeroes what a mask of any pattern drops.
   *
   * @param w weight {@code [n, k]}
   * @param mask which elements to keep
   * @param out {@code [n, k]} of the same type and row stride; may be w
   */
  public void applyMask(Matrix w, Mask mask, Matrix out) {
    Checks.shape("out", out, w.rows(), w.cols(), w.dtype());
    if (out.rowStride() != w.rowStride()) {
      throw new IllegalArgumentException(
          "out: has row stride " + out.rowStride() + ", must have w's, " + w.rowStride());
    }
    if (mask.rows() != w.rows() || mask.cols() != w.cols()) {
      throw new IllegalArgumentException("mask: is a " + mask + ", must fit w, " + w);
    }
    Checks.writable("out", out.segment());
    if (out.segment().address() != w.segment().address()) {
      Checks.noOverlap("out", out, "w", w);
    }
    Checks.noOverlap("out", out, "mask", mask);
    place("w", w);
    place("mask", mask.buffer());
    place("out", out);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.applyMask(w, mask, out, forced(Op.APPLY_MASK, w.dtype()));
      OperationEvent.finish(event, Op.APPLY_MASK, name, w.dtype(), 0, w.rows(), w.cols());
    } finally {
      exit();
    }
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
    Checks.extent("n", n);
    Checks.extent("k", k);
    Checks.multiple("k", k, 4);
    Matrix.bytes(n, k, dtype); // bounds n · k
    enter();
    try {
      return backend.packedBytes(n, k, dtype, layout);
    } finally {
      exit();
    }
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
    long bytes = packedBytes(in.dtype(), layout, in.n(), in.k());
    if (buffer.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "buffer: has " + buffer.byteSize() + " bytes, must have " + bytes);
    }
    Matrix scales = in.values().rowScales();
    Packed24 out = new Packed24(buffer, bytes, in.n(), in.k(), in.dtype(), layout, name, scales);
    if (out.segment().address() % 64 != 0) {
      throw new IllegalArgumentException("buffer: is not aligned to 64 bytes");
    }
    Checks.writable("buffer", out.segment());
    Checks.noOverlap("buffer", out, "in.values", in.values());
    Checks.noOverlap("buffer", out, "in.mask", in.mask());
    Checks.noOverlap("buffer", out, "in.scales", scales);
    place("in.values", in.values());
    place("in.mask", in.mask().buffer());
    place("buffer", buffer);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.pack24(in, out, forced(Op.PACK24, in.dtype()));
      OperationEvent.finish(event, Op.PACK24, name, in.dtype(), 0, in.n(), in.k());
    } finally {
      exit();
    }
    return out;
  }

  /**
   * Gives the canonical form of a packed weight back, bit for bit.
   *
   * @param in the packed weight
   * @param out where to
   */
  public void unpack24(Packed24 in, Compressed24 out) {
    packed("in", in);
    sized("out", out, in.n(), in.k(), in.dtype());
    Checks.output(out);
    Checks.noOverlap("out.values", out.values(), "in", in);
    Checks.noOverlap("out.mask", out.mask(), "in", in);
    place("out.values", out.values());
    place("out.mask", out.mask().buffer());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.unpack24(in, out, forced(Op.UNPACK24, in.dtype()));
      OperationEvent.finish(event, Op.UNPACK24, name, in.dtype(), 0, in.n(), in.k());
    } finally {
      exit();
    }
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
    packed("w", w);
    Checks.gemm(x, w.n(), w.k(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.noOverlap("y", y, "w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    places(x, w.rowScales(), addend, y, epilogue);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.spmm24(x, w, addend, y, epilogue, forced(Op.SPMM24, w.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.SPMM24, name, w.dtype(), x.dtype(), x.rows(), w.n(), w.k());
    } finally {
      exit();
    }
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
    packed("w", w);
    Checks.gemm(x, w.n(), w.k(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.lowRank(x, w.n(), y, lowRank);
    Checks.noOverlap("y", y, "w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    places(x, w.rowScales(), addend, y, epilogue);
    place("t", lowRank.t());
    place("r", lowRank.r());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.spmm24LowRank(
          x, w, addend, y, epilogue, lowRank, forced(Op.SPMM24, w.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.SPMM24, name, w.dtype(), x.dtype(), x.rows(), w.n(), w.k());
    } finally {
      exit();
    }
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
    Checks.gemm(x, w.rows(), w.cols(), w.dtype(), w.rowScales(), c, y, epilogue);
    Checks.noOverlap("y", y, "w", w);
    place("w", w);
    Matrix addend = epilogue.beta() == 0 ? null : c;
    places(x, w.rowScales(), addend, y, epilogue);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.gemm(x, w, addend, y, epilogue, forced(Op.GEMM, w.dtype(), x.dtype()));
      OperationEvent.finish(
          event, Op.GEMM, name, w.dtype(), x.dtype(), x.rows(), w.rows(), w.cols());
    } finally {
      exit();
    }
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
    Checks.floats("x", x);
    if (out.rows() != x.rows() || out.cols() != x.cols() || !out.dtype().scaled()) {
      throw new IllegalArgumentException(
          "out: is " + out + ", must be " + x.rows() + " x " + x.cols() + " I8 or F8_E4M3");
    }
    Matrix scales = Checks.scales("out.scales", out.dtype(), out.rowScales(), out.rows());
    Checks.writable("out", out.segment());
    Checks.writable("out.scales", scales.segment());
    Checks.noOverlap("out", out, "x", x);
    Checks.noOverlap("out", out, "out.scales", scales);
    Checks.noOverlap("out.scales", scales, "x", x);
    place("x", x);
    place("out", out);
    place("out.scales", scales);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.quantize(x, out, forced(Op.QUANTIZE, out.dtype(), x.dtype()));
      OperationEvent.finish(
          event, Op.QUANTIZE, name, out.dtype(), x.dtype(), 0, x.rows(), x.cols());
    } finally {
      exit();
    }
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
    Checks.floats("x", x);
    Checks.multiple("x: k", x.cols(), 4);
    if (mask.cols() != x.cols()) {
      throw new IllegalArgumentException(
          "mask: is a " + mask + ", must be n x " + x.cols() + " to fit x");
    }
    Checks.shape("dy", dy, x.rows(), mask.rows(), x.dtype());
    Checks.shape("values", values, mask.rows(), mask.cols() / 2, DType.F32);
    Checks.writable("values", values.segment());
    Checks.noOverlap("values", values, "dy", dy);
    Checks.noOverlap("values", values, "x", x);
    Checks.noOverlap("values", values, "mask", mask);
    place("dy", dy);
    place("x", x);
    place("mask", mask.buffer());
    place("values", values);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.sddmm24(dy, x, mask, values, alpha, beta, forced(Op.SDDMM24, x.dtype()));
      OperationEvent.finish(event, Op.SDDMM24, name, x.dtype(), x.rows(), mask.rows(), mask.cols());
    } finally {
      exit();
    }
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
    Checks.floats("in.values", in.values());
    Checks.multiple("in: n", in.n(), 4);
    sized("out", out, in.k(), in.n(), in.dtype());
    Checks.output(out);
    Checks.noOverlap(out, "in.values", in.values());
    Checks.noOverlap("out.values", out.values(), "in.mask", in.mask());
    Checks.noOverlap("out.mask", out.mask(), "in.mask", in.mask());
    place("in.values", in.values());
    place("in.mask", in.mask().buffer());
    place("out.values", out.values());
    place("out.mask", out.mask().buffer());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.doublePrune24(in, out, forced(Op.DOUBLE_PRUNE24, in.dtype()));
      OperationEvent.finish(event, Op.DOUBLE_PRUNE24, name, in.dtype(), 0, in.n(), in.k());
    } finally {
      exit();
    }
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
    Checks.floats("w", w);
    Checks.multiple("w: n", w.rows(), 4);
    pruned(w, kind, s, out);
    sized("transpose", transpose, w.cols(), w.rows(), w.dtype());
    Checks.transpose(w, s, out, transpose);
    place("transpose.values", transpose.values());
    place("transpose.mask", transpose.mask().buffer());
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      int kernel = forced(Op.PRUNE24_BOTH, w.dtype());
      backend.prune24Both(w, kind, s, out, transpose, allowNonFinite, kernel);
      OperationEvent.finish(event, Op.PRUNE24_BOTH, name, w.dtype(), 0, w.rows(), w.cols());
    } finally {
      exit();
    }
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
    Checks.floats("in.values", in.values());
    Checks.multiple("in: n", in.n(), 4);
    sized("out", out, in.k(), in.n(), in.dtype());
    Checks.writable("out.values", out.values().segment());
    Checks.noOverlap("out.values", out.values(), "in.values", in.values());
    Checks.noOverlap("out.values", out.values(), "in.mask", in.mask());
    Checks.noOverlap("out.values", out.values(), "out.mask", out.mask());
    enter();
    try {
      place("in.values", in.values());
      place("in.mask", in.mask().buffer());
      place("out.values", out.values());
      place("out.mask", out.mask().buffer());
      OperationEvent event = OperationEvent.start();
      backend.refresh24(in, out, forced(Op.REFRESH24, in.dtype()));
      OperationEvent.finish(event, Op.REFRESH24, name, in.dtype(), 0, in.n(), in.k());
    } finally {
      exit();
    }
  }

  /**
   * Rows to columns: {@code out[j, i] = x[i, j]}, bits copied; row scales are left alone.
   *
   * @param x {@code [rows, cols]} of any type
   * @param out {@code [cols, rows]} of the same type, written
   */
  public void transpose(Matrix x, Matrix out) {
    Checks.shape("out", out, x.cols(), x.rows(), x.dtype());
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "x", x);
    enter();
    try {
      place("x", x);
      place("out", out);
      OperationEvent event = OperationEvent.start();
      backend.transpose(x, out, forced(Op.TRANSPOSE, x.dtype()));
      OperationEvent.finish(event, Op.TRANSPOSE, name, x.dtype(), 0, x.rows(), x.cols());
    } finally {
      exit();
    }
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
    Checks.floats("x", x);
    Checks.floats("y", y);
    Checks.shape("y", y, x.rows(), x.cols(), y.dtype() == DType.F32 ? DType.F32 : x.dtype());
    Checks.writable("y", y.segment());
    Checks.noOverlap("y", y, "x", x);
    enter();
    try {
      place("x", x);
      place("y", y);
      OperationEvent event = OperationEvent.start();
      backend.axpby(alpha, x, beta, y, forced(Op.AXPBY, y.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.AXPBY, name, y.dtype(), x.dtype(), 0, x.rows(), x.cols());
    } finally {
      exit();
    }
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
    Checks.floats("out", out);
    Checks.shape("out", out, x.rows(), x.cols(), out.dtype());
    Matrix scales =
        x.dtype().scaled() ? Checks.scales("x.scales", x.dtype(), x.rowScales(), x.rows()) : null;
    Checks.writable("out", out.segment());
    Checks.noOverlap("out", out, "x", x);
    Checks.noOverlap("out", out, "x.scales", scales);
    place("x", x);
    place("x.scales", scales);
    place("out", out);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.cast(x, out, forced(Op.CAST, out.dtype(), x.dtype()));
      OperationEvent.finish(event, Op.CAST, name, out.dtype(), x.dtype(), 0, x.rows(), x.cols());
    } finally {
      exit();
    }
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
    Checks.step(gradient, master, m, v, values, gradScale);
    if (step < 1) {
      throw new IllegalArgumentException("step: is " + step + ", must be at least 1");
    }
    place("gradient", gradient);
    place("master", master);
    place("m", m);
    place("v", v);
    place("values", values);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.adamw(
          gradient,
          master,
          m,
          v,
          values,
          settings,
          step,
          gradScale,
          forced(Op.ADAMW, values.dtype()));
      OperationEvent.finish(event, Op.ADAMW, name, values.dtype(), 0, values.rows(), values.cols());
    } finally {
      exit();
    }
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
    Checks.step(gradient, master, m, null, values, gradScale);
    place("gradient", gradient);
    place("master", master);
    place("m", m);
    place("values", values);
    enter();
    try {
      OperationEvent event = OperationEvent.start();
      backend.sgd(gradient, master, m, values, settings, gradScale, forced(Op.SGD, values.dtype()));
      OperationEvent.finish(event, Op.SGD, name, values.dtype(), 0, values.rows(), values.cols());
    } finally {
      exit();
    }
  }

  /** Waits until all queued work is done, and throws what went wrong in it. */
  public void synchronize() {
    enterToWait("synchronize");
    try {
      backend.synchronize();
    } finally {
      memory.settled();
      exit();
    }
  }

  /** Waits for queued work and frees everything. A second call does nothing. */
  @Override
  public void close() {
    acquire();
    try {
      if (closed) {
        return;
      }
      closed = true;
      if (leak != null) {
        leak.closed();
      }
      try {
        freeAll();
      } finally {
        backend.close();
      }
    } finally {
      exit();
    }
  }

  /** What a capture that was not ended refuses goes with the backend's session. */
  private void freeAll() {
    if (capture != null) {
      capture = null;
      backend.destroyGraph(backend.endCapture());
    }
    for (Graph graph : graphs) {
      if (graph.markClosed()) {
        backend.destroyGraph(graph.handle());
      }
    }
    for (Event event : events) {
      if (event.markClosed()) {
        backend.destroyEvent(event.destroyed());
      }
    }
    graphs.clear();
    events.clear();
    memory.freeAll();
  }

  // ---- guards

  int forced(Op op, DType dtype) {
    return forced(op, dtype, dtype);
  }

  private int forced(Op op, DType dtype, DType xDtype) {
    return forced[slot(op, dtype, xDtype)];
  }

  private static int slot(Op op, DType dtype, DType xDtype) {
    return (op.ordinal() * DTYPES + dtype.ordinal()) * DTYPES + xDtype.ordinal();
  }

  private static void sized(String name, Compressed24 weight, long n, long k, DType dtype) {
    if (weight.n() != n || weight.k() != k || weight.dtype() != dtype) {
      String is = weight.n() + " x " + weight.k() + " " + weight.dtype();
      throw new IllegalArgumentException(
          name + ": is " + is + ", must be " + n + " x " + k + " " + dtype);
    }
  }

  private void packed(String what, Packed24 packed) {
    if (!packed.backend().equals(name)) {
      throw new IllegalArgumentException(
          what
              + ": was packed for backend "
              + packed.backend()
              + ", this session's is "
              + name
              + "; pack it with this session");
    }
    place(what, packed.buffer());
  }

  private void places(
      Matrix x, @Nullable Matrix wScales, @Nullable Matrix c, Matrix y, Epilogue epilogue) {
    place("x", x);
    place("x.scales", x.rowScales());
    place("w.scales", wScales);
    place("y", y);
    place("c", c);
    place("bias", epilogue.bias());
  }

  void place(String what, @Nullable Matrix matrix) {
    if (matrix != null) {
      place(what, matrix.buffer());
    }
  }

  void place(String what, Buffer buffer) {
    Capture recorded = capture;
    if (recorded != null) {
      recorded.uses(buffer);
    }
    if (hostMemory) {
      if (!(buffer instanceof HostBuffer)) {
        throw new IllegalArgumentException(
            what + ": is in device memory, backend " + name + " takes host memory");
      }
    } else if (buffer instanceof DeviceBuffer device) {
      device.address(); // throws if closed
      memory.owned(what, device);
    } else {
      throw new IllegalArgumentException(
          what
              + ": is in host memory, backend "
              + name
              + " takes device memory (Session.allocateDevice, Session.copy)");
    }
  }

  private void acquire() {
    if (!OWNER.compareAndSet(this, null, Thread.currentThread())) {
      throw busy();
    }
  }

  void enter() {
    acquire();
    if (closed) {
      exit();
      throw new IllegalStateException("this session is closed");
    }
  }

  /** For what waits, allocates or launches, none of which a graph can. */
  private void enterToWait(String what) {
    enter();
    if (capture != null) {
      exit();
      throw inCapture(what);
    }
  }

  private void outsideCapture(String what) {
    if (capture != null) {
      throw inCapture(what);
    }
  }

  private static IllegalStateException inCapture(String what) {
    return new IllegalStateException(what + ": is not possible while a graph is captured");
  }

  void exit() {
    OWNER.setRelease(this, null);
  }

  private IllegalStateException busy() {
    Thread other = owner;
    return new IllegalStateException(
        "this session is at work for "
            + (other == null ? "another thread" : "thread " + other.getName())
            + "; a session belongs to one thread at a time, share() makes one for another");
  }

  /** Backend and state, for messages. */
  @Override
  public String toString() {
    return "session of " + name + (closed ? " (closed)" : "");
  }

  static Session of(BackendSession backend) {
    return new Session(Objects.requireNonNull(backend, "backend"));
  }
}
