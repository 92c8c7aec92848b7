package io.sparse24.api.reference;

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
import io.sparse24.api.Sparse24Exception;
import io.sparse24.api.spi.BackendEvent;
import io.sparse24.api.spi.BackendGraph;
import io.sparse24.api.spi.BackendLayers;
import io.sparse24.api.spi.BackendSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The operations of the contract, written for clarity. Its packed layout 0 is the values followed
 * by the mask.
 */
final class ReferenceSession implements BackendSession {
  private static final int LAYOUT = 0;

  /** In double pruning, below the magnitude of every kept value. */
  private static final int DROPPED = -1;

  private static final List<KernelInfo> KERNELS = kernelList();

  private final ReferenceLayers layers = new ReferenceLayers();

  private static List<KernelInfo> kernelList() {
    List<KernelInfo> list = new ArrayList<>();
    for (Op op : Op.values()) {
      for (DType dtype : DType.values()) {
        for (DType xDtype : DType.values()) {
          if (computes(op, dtype, xDtype)) {
            String name = op.id() + "_" + types(op, dtype, xDtype) + "_java";
            list.add(
                new KernelInfo(list.size(), name, op, dtype, xDtype, "java", LAYOUT, true, ""));
          }
        }
      }
    }
    return List.copyOf(list);
  }

  /** The types in a kernel's name: that of X too where a scaled one makes it one of several. */
  private static String types(Op op, DType dtype, DType xDtype) {
    boolean several =
        (op == Op.CAST || op == Op.AXPBY)
            ? dtype != xDtype
            : dtype.scaled() && (op == Op.SPMM24 || op == Op.GEMM || op == Op.QUANTIZE);
    return several ? dtype.id() + "_" + xDtype.id() : dtype.id();
  }

  /** Whether an operation is for these types, as the contract has it. */
  private static boolean computes(Op op, DType dtype, DType xDtype) {
    return switch (op) {
      case SELECT -> dtype == DType.F32 && xDtype == dtype;
      case ACCUMULATE_NORMS,
          SCORE,
          PRUNE24,
          SDDMM24,
          DOUBLE_PRUNE24,
          PRUNE24_BOTH,
          REFRESH24,
          ADAMW,
          SGD,
          EMBED,
          EMBED_GRAD,
          RMSNORM,
          RMSNORM_GRAD,
          ROPE,
          ATTENTION,
          ATTENTION_GRAD,
          SWIGLU,
          SWIGLU_GRAD,
          CROSS_ENTROPY,
          MARGINS,
          SCORE_FACTORS,
          PRUNE24_FACTORS ->
          !dtype.scaled() && xDtype == dtype;
      case COMPRESS24, DECOMPRESS24, APPLY_MASK, PACK24, UNPACK24, TRANSPOSE -> xDtype == dtype;
      case AXPBY -> !dtype.scaled() && !xDtype.scaled() && (xDtype == dtype || dtype == DType.F32);
      case SPMM24, GEMM ->
          dtype.scaled()
              ? xDtype == DType.F32 || xDtype == DType.BF16 || xDtype == dtype
              : xDtype == dtype;
      case QUANTIZE -> dtype.scaled() && !xDtype.scaled();
      case CAST -> !dtype.scaled();
    };
  }

  @Override
  public BackendInfo info() {
    return new BackendInfo(
        ReferenceBackend.NAME,
        "Java " + Runtime.version().feature() + " on " + System.getProperty("os.arch"),
        "java",
        1,
        true,
        0,
        "");
  }

  @Override
  public List<KernelInfo> kernels() {
    return KERNELS;
  }

  @Override
  public int chooseKernel(Op op, DType dtype, DType xDtype, int layout, long m, long n, long k) {
    for (KernelInfo kernel : KERNELS) {
      if (kernel.op() == op && kernel.dtype() == dtype && kernel.xDtype() == xDtype) {
        return kernel.id();
      }
    }
    throw unsupported(op, dtype, xDtype);
  }

  private static Sparse24Exception unsupported(Op op, DType dtype, DType xDtype) {
    return new Sparse24Exception.Unsupported(
        "no kernel for "
            + op.id()
            + " of "
            + dtype
            + (xDtype == dtype ? "" : " with X of " + xDtype));
  }

  private static void supported(Op op, DType dtype) {
    if (!computes(op, dtype, dtype)) {
      throw unsupported(op, dtype, dtype);
    }
  }

  @Override
  public BackendSession share() {
    return new ReferenceSession();
  }

  @Override
  public void synchronize() {}

  @Override
  public long allocate(long bytes) {
    throw noDevice();
  }

  @Override
  public void free(long address) {
    throw noDevice();
  }

  @Override
  public void copyToDevice(MemorySegment from, long address) {
    throw noDevice();
  }

  @Override
  public void copyToHost(long address, MemorySegment to) {
    throw noDevice();
  }

  // ---- no queue: operations are done when they return

  @Override
  public List<Heuristic> heuristics() {
    return List.of();
  }

  @Override
  public void setHeuristic(int index, int value) {
    throw new Sparse24Exception.Internal("the reference backend has no heuristics");
  }

  @Override
  public long queue() {
    return 0;
  }

  @Override
  public MemorySegment allocateHost(Arena arena, long bytes) {
    return arena.allocate(bytes, 64);
  }

  @Override
  public void freeHost(MemorySegment memory) {} // its arena has freed it

  @Override
  public void copyToDeviceAsync(MemorySegment from, long address) {
    throw noDevice();
  }

  @Override
  public void copyToHostAsync(long address, MemorySegment to) {
    throw noDevice();
  }

  /** The time at which it was recorded. */
  private static final class Moment implements BackendEvent {
    private volatile boolean recorded;
    private volatile long nanos;
  }

  @Override
  public BackendEvent createEvent() {
    return new Moment();
  }

  @Override
  public void destroyEvent(BackendEvent event) {}

  @Override
  public void record(BackendEvent event) {
    Moment moment = (Moment) event;
    moment.nanos = System.nanoTime();
    moment.recorded = true;
  }

  @Override
  public void waitFor(BackendEvent event) {}

  @Override
  public void synchronize(BackendEvent event) {}

  @Override
  public double elapsed(BackendEvent start, BackendEvent end) {
    return (nanos("end", end) - nanos("start", start)) * 1e-6;
  }

  private static long nanos(String what, BackendEvent event) {
    Moment moment = (Moment) event;
    if (!moment.recorded) {
      throw new IllegalArgumentException(what + ": was never recorded");
    }
    return moment.nanos;
  }

  @Override
  public void beginCapture() {
    throw noGraphs();
  }

  @Override
  public BackendGraph endCapture() {
    throw noGraphs();
  }

  @Override
  public void launch(BackendGraph graph) {
    throw noGraphs();
  }

  @Override
  public void destroyGraph(BackendGraph graph) {
    throw noGraphs();
  }

  private static Sparse24Exception noGraphs() {
    return new Sparse24Exception.Unsupported(
        "graphs: operations of the reference backend are done when they return, there is no queue"
            + " to record");
  }

  private static Sparse24Exception noDevice() {
    return new Sparse24Exception.Unsupported("the reference backend has no device memory");
  }

  // ---- scoring and selection

  @Override
  public void accumulateNorms(
      Matrix x, Matrix s, float decay, float scale, boolean allowNonFinite, int kernel) {
    supported(Op.ACCUMULATE_NORMS, x.dtype());
    double[] sums = new double[Math.toIntExact(x.cols())];
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < sums.length; j++) {
        double v = x.get(i, j);
        finite("x", i, j, (float) v, allowNonFinite);
        sums[j] += v * v;
      }
    }
    float[] next = new float[sums.length];
    for (int j = 0; j < sums.length; j++) {
      // A first batch has decay 0, and s need not be initialised for it.
      float before = decay == 0 ? 0 : s.get(0, j);
      next[j] = (float) ((double) decay * before + scale * sums[j]);
      if (!Float.isFinite(next[j]) && !allowNonFinite) {
        throw new Sparse24Exception.BadData(
            "s[" + j + "] " + (Float.isFinite(before) ? "overflows F32" : "is not finite"));
      }
    }
    for (int j = 0; j < sums.length; j++) {
      s.set(0, j, next[j]);
    }
  }

  static void finite(String what, long row, long col, float v, boolean allowNonFinite) {
    if (!allowNonFinite && !Float.isFinite(v)) {
      throw new Sparse24Exception.BadData(what + "[" + row + ", " + col + "] is " + nonFinite(v));
    }
  }

  static String nonFinite(float v) {
    return Float.isNaN(v) ? "NaN" : v > 0 ? "Inf" : "-Inf";
  }

  /** In F32, as every backend: the order of two scores must not depend on the backend. */
  private static float scoreOf(
      Matrix w, long row, long col, @Nullable Matrix s, boolean allowNonFinite) {
    float v = w.get(row, col);
    finite("w", row, col, v, allowNonFinite);
    if (s == null) {
      return Math.abs(v);
    }
    float norm = s.get(0, col);
    float score = Math.abs(v) * (float) Math.sqrt(norm);
    if (!allowNonFinite && !Float.isFinite(score)) {
      throw new Sparse24Exception.BadData(
          !Float.isFinite(norm)
              ? "s[" + col + "] is " + nonFinite(norm)
              : norm < 0
                  ? "s[" + col + "] is " + norm + ", less than 0"
                  : "w[" + row + ", " + col + "] * sqrt(s[" + col + "]) overflows F32");
    }
    return score;
  }

  @Override
  public void score(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Matrix out,
      boolean allowNonFinite,
      int kernel) {
    supported(Op.SCORE, w.dtype());
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j++) {
        out.set(i, j, scoreOf(w, i, j, s, allowNonFinite));
      }
    }
  }

  @Override
  public void select(
      Matrix scores, int keep, int of, Mask out, boolean allowNonFinite, int kernel) {
    float[] group = new float[of];
    for (long i = 0; i < scores.rows(); i++) {
      clearRow(out, i);
      for (long j = 0; j < scores.cols(); j += of) {
        for (int t = 0; t < of; t++) {
          group[t] = scores.get(i, j + t);
          finite("scores", i, j + t, group[t], allowNonFinite);
        }
        for (int t = 0; t < of; t++) {
          out.set(i, j + t, rank(group, t) < keep);
        }
      }
    }
  }

  /**
   * How many of the group go before element t: higher ones, and equal ones of lower index. NaN is
   * lowest.
   */
  static int rank(float[] group, int t) {
    int before = 0;
    for (int u = 0; u < group.length; u++) {
      if (u != t && (higher(group[u], group[t]) || (u < t && !higher(group[t], group[u])))) {
        before++;
      }
    }
    return before;
  }

  private static boolean higher(float a, float b) {
    return a > b || (Float.isNaN(b) && !Float.isNaN(a));
  }

  static void clearRow(Mask mask, long row) {
    if (mask.cols() == 0) {
      return;
    }
    mask.segment().asSlice(row * mask.rowStride(), Mask.rowBytes(mask.cols())).fill((byte) 0);
  }

  @Override
  public void prune24(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      boolean allowNonFinite,
      boolean require24,
      int kernel) {
    supported(Op.PRUNE24, w.dtype());
    float[] group = new float[4];
    for (long i = 0; i < w.rows(); i++) {
      clearRow(out.mask(), i);
      for (long j = 0; j < w.cols(); j += 4) {
        for (int t = 0; t < 4; t++) {
          group[t] = scoreOf(w, i, j + t, s, allowNonFinite);
        }
        long slot = j / 2;
        for (int t = 0; t < 4; t++) {
          if (rank(group, t) < 2) {
            out.mask().set(i, j + t, true);
            copyElement(w, i, j + t, out.values(), i, slot++);
          } else if (require24 && w.get(i, j + t) != 0) {
            throw new Sparse24Exception.BadData(
                "w["
                    + i
                    + ", "
                    + j
                    + ".."
                    + (j + 3)
                    + "] is not 2:4: "
                    + w.get(i, j + t)
                    + " at column "
                    + (j + t)
                    + " would be dropped");
          }
        }
      }
    }
  }

  static void copyElement(Matrix from, long i, long j, Matrix to, long p, long q) {
    int bytes = from.dtype().bytes();
    MemorySegment.copy(
        from.segment(),
        (i * from.rowStride() + j) * bytes,
        to.segment(),
        (p * to.rowStride() + q) * bytes,
        bytes);
  }

  // ---- conversion

  private static void twoBits(Mask mask, long row, long group) {
    int bits = 0;
    for (int t = 0; t < 4; t++) {
      bits += mask.get(row, group + t) ? 1 : 0;
    }
    if (bits != 2) {
      throw new Sparse24Exception.BadData(
          "mask["
              + row
              + ", "
              + group
              + ".."
              + (group + 3)
              + "] keeps "
              + bits
              + " of 4, must keep 2");
    }
  }

  @Override
  public void compress24(Matrix w, Mask mask, Matrix values, int kernel) {
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j += 4) {
        twoBits(mask, i, j);
        long slot = j / 2;
        for (int t = 0; t < 4; t++) {
          if (mask.get(i, j + t)) {
            copyElement(w, i, j + t, values, i, slot++);
          }
        }
      }
    }
  }

  @Override
  public void decompress24(Compressed24 in, Matrix out, int kernel) {
    for (long i = 0; i < in.n(); i++) {
      for (long j = 0; j < in.k(); j += 4) {
        twoBits(in.mask(), i, j);
        long slot = j / 2;
        for (int t = 0; t < 4; t++) {
          if (in.mask().get(i, j + t)) {
            copyElement(in.values(), i, slot++, out, i, j + t);
          } else {
            out.set(i, j + t, 0);
          }
        }
      }
    }
  }

  @Override
  public void applyMask(Matrix w, Mask mask, Matrix out, int kernel) {
    for (long i = 0; i < w.rows(); i++) {
      for (long j = 0; j < w.cols(); j++) {
        if (mask.get(i, j)) {
          copyElement(w, i, j, out, i, j);
        } else {
          out.set(i, j, 0);
        }
      }
    }
  }

  @Override
  public long packedBytes(long n, long k, DType dtype, int layout) {
    if (layout != LAYOUT) {
      throw new IllegalArgumentException("layout: is " + layout + ", must be " + LAYOUT);
    }
    return Math.addExact(
        Math.multiplyExact(n, k / 2 * dtype.bytes()), Math.multiplyExact(n, Mask.rowBytes(k)));
  }

  /** The packed bytes as canonical views. */
  private static Compressed24 view(Packed24 packed) {
    long valueBytes = packed.n() * (packed.k() / 2) * packed.dtype().bytes();
    return new Compressed24(
        Matrix.of(packed.buffer(), 0, packed.n(), packed.k() / 2, packed.k() / 2, packed.dtype()),
        Mask.of(packed.buffer(), valueBytes, packed.n(), packed.k(), Mask.rowBytes(packed.k())));
  }

  private static void copy(Compressed24 from, Compressed24 to) {
    for (long i = 0; i < from.n(); i++) {
      clearRow(to.mask(), i);
      for (long j = 0; j < from.k(); j += 4) {
        twoBits(from.mask(), i, j);
        for (int t = 0; t < 4; t++) {
          to.mask().set(i, j + t, from.mask().get(i, j + t));
        }
      }
      for (long j = 0; j < from.k() / 2; j++) {
        copyElement(from.values(), i, j, to.values(), i, j);
      }
    }
  }

  @Override
  public void pack24(Compressed24 in, Packed24 out, int kernel) {
    copy(in, view(out));
  }

  @Override
  public void unpack24(Packed24 in, Compressed24 out, int kernel) {
    copy(view(in), out);
  }

  // ---- multiplication

  @Override
  public void spmm24(
      Matrix x, Packed24 w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    multiply(x, w, c, y, epilogue, null);
  }

  @Override
  public void spmm24LowRank(
      Matrix x,
      Packed24 w,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue,
      LowRank lowRank,
      int kernel) {
    multiply(x, w, c, y, epilogue, lowRank);
  }

  private static void multiply(
      Matrix x,
      Packed24 w,
      @Nullable Matrix c,
      Matrix y,
      Epilogue epilogue,
      @Nullable LowRank lowRank) {
    Compressed24 weight = view(w);
    double[][] t = lowRank == null ? new double[0][] : rows(lowRank.t());
    double[] r = new double[lowRank == null ? 0 : Math.toIntExact(lowRank.rank())];
    double[][] rows = rows(x);
    double[] values = new double[Math.toIntExact(w.k() / 2)];
    int[] columns = new int[values.length];
    for (long j = 0; j < w.n(); j++) {
      readColumns(weight.mask(), j, columns);
      readRow(weight.values(), w.rowScales(), j, values);
      if (lowRank != null) {
        readRow(lowRank.r(), null, j, r);
      }
      for (int i = 0; i < rows.length; i++) {
        double sum = 0;
        for (int p = 0; p < values.length; p++) {
          sum += rows[i][columns[p]] * values[p];
        }
        double term = 0;
        for (int p = 0; p < r.length; p++) {
          term += t[i][p] * r[p];
        }
        y.set(i, j, (float) (finished(sum, i, j, c, epilogue) + term));
      }
    }
  }

  @Override
  public void gemm(
      Matrix x, Matrix w, @Nullable Matrix c, Matrix y, Epilogue epilogue, int kernel) {
    double[][] rows = rows(x);
    double[] values = new double[Math.toIntExact(w.cols())];
    for (long j = 0; j < w.rows(); j++) {
      readRow(w, w.rowScales(), j, values);
      for (int i = 0; i < rows.length; i++) {
        double sum = 0;
        for (int p = 0; p < values.length; p++) {
          sum += rows[i][p] * values[p];
        }
        y.set(i, j, (float) finished(sum, i, j, c, epilogue));
      }
    }
  }

  private static double[][] rows(Matrix x) {
    double[][] rows = new double[Math.toIntExact(x.rows())][Math.toIntExact(x.cols())];
    for (int i = 0; i < rows.length; i++) {
      readRow(x, x.rowScales(), i, rows[i]);
    }
    return rows;
  }

  /** What the elements of a row stand for: exact, a value has 8 bits where it has a scale. */
  private static void readRow(Matrix matrix, @Nullable Matrix scales, long row, double[] out) {
    double scale = scales == null ? 1 : scales.get(0, row);
    DType dtype = matrix.dtype();
    MemorySegment segment = matrix.segment();
    long start = row * matrix.rowStride() * dtype.bytes();
    for (int p = 0; p < out.length; p++) {
      out[p] = scale * dtype.get(segment, start + (long) p * dtype.bytes());
    }
  }

  /** The columns of a row's kept values. */
  private static void readColumns(Mask mask, long row, int[] out) {
    MemorySegment segment = mask.segment();
    int slot = 0;
    for (int p = 0; p < mask.cols(); p++) {
      int bits = segment.get(ValueLayout.JAVA_BYTE, row * mask.rowStride() + p / 8);
      if ((bits >> (p % 8) & 1) != 0) {
        out[slot++] = p;
      }
    }
  }

  private static double finished(
      double sum, long i, long j, @Nullable Matrix c, Epilogue epilogue) {
    double v = epilogue.alpha() * sum;
    if (epilogue.beta() != 0 && c != null) {
      v += epilogue.beta() * (double) c.get(i, j);
    }
    Matrix bias = epilogue.bias();
    if (bias != null) {
      v += bias.get(0, j);
    }
    return epilogue.activation().apply(v);
  }

  // ---- row scales

  /** In F32, as every backend: the bits must not depend on the backend. */
  @Override
  public void quantize(Matrix x, Matrix out, int kernel) {
    Matrix scales = Objects.requireNonNull(out.rowScales());
    float largest = out.dtype().largest();
    for (long i = 0; i < x.rows(); i++) {
      float most = 0;
      for (long j = 0; j < x.cols(); j++) {
        finite("x", i, j, x.get(i, j), false);
        most = Math.max(most, Math.abs(x.get(i, j)));
      }
      // Quotients by a subnormal scale, which is a rounded one, might be beyond the largest.
      float scale = most == 0 ? 1 : Math.max(most / largest, Float.MIN_NORMAL);
      scales.set(0, i, scale);
      for (long j = 0; j < x.cols(); j++) {
        out.set(i, j, x.get(i, j) / scale);
      }
    }
  }

  /** The product is rounded to F32 first, as every backend does it. */
  @Override
  public void cast(Matrix x, Matrix out, int kernel) {
    Matrix scales = x.rowScales();
    for (long i = 0; i < x.rows(); i++) {
      float scale = scales == null ? 1 : scales.get(0, i);
      for (long j = 0; j < x.cols(); j++) {
        if (x.dtype() == out.dtype()) {
          copyElement(x, i, j, out, i, j);
        } else {
          out.set(i, j, x.get(i, j) * scale);
        }
      }
    }
  }

  // ---- training

  @Override
  public void sddmm24(
      Matrix dy, Matrix x, Mask mask, Matrix values, float alpha, float beta, int kernel) {
    supported(Op.SDDMM24, x.dtype());
    double[][] gradients = rows(dy);
    double[][] inputs = rows(x);
    int[] columns = new int[Math.toIntExact(values.cols())];
    for (int j = 0; j < mask.rows(); j++) {
      for (long group = 0; group < mask.cols(); group += 4) {
        twoBits(mask, j, group);
      }
      readColumns(mask, j, columns);
      for (int c = 0; c < columns.length; c++) {
        double sum = 0;
        for (int i = 0; i < inputs.length; i++) {
          sum += gradients[i][j] * inputs[i][columns[c]];
        }
        double before = beta == 0 ? 0 : (double) beta * values.get(j, c);
        values.set(j, c, (float) (alpha * sum + before));
      }
    }
  }

  @Override
  public void doublePrune24(Compressed24 in, Compressed24 out, int kernel) {
    supported(Op.DOUBLE_PRUNE24, in.dtype());
    twoBits(in.mask());
    long[] slots = new long[4]; // of the four rows, the place of the next kept value
    int[] group = new int[4];
    for (long j = 0; j < in.k(); j++) {
      clearRow(out.mask(), j);
    }
    for (long i = 0; i < in.n(); i += 4) {
      Arrays.fill(slots, 0);
      for (long j = 0; j < in.k(); j++) {
        for (int t = 0; t < 4; t++) {
          boolean kept = in.mask().get(i + t, j);
          group[t] = kept ? magnitude(in.values().get(i + t, slots[t])) : DROPPED;
        }
        long slot = i / 2;
        for (int t = 0; t < 4; t++) {
          boolean kept = group[t] != DROPPED;
          if (rank(group, t) < 2) {
            out.mask().set(j, i + t, true);
            if (kept) {
              copyElement(in.values(), i + t, slots[t], out.values(), j, slot);
            } else {
              out.values().set(j, slot, 0);
            }
            slot++;
          }
          slots[t] += kept ? 1 : 0;
        }
      }
    }
  }

  @Override
  public void prune24Both(
      Matrix w,
      ScoreKind kind,
      @Nullable Matrix s,
      Compressed24 out,
      Compressed24 transpose,
      boolean allowNonFinite,
      int kernel) {
    prune24(w, kind, s, out, allowNonFinite, false, AUTO);
    doublePrune24(out, transpose, AUTO);
  }

  @Override
  public void margins(
      Matrix x, Matrix rowSums, Matrix colSums, Matrix range, boolean allowNonFinite, int kernel) {
    supported(Op.MARGINS, x.dtype());
    ReferenceFactors.margins(x, rowSums, colSums, range, allowNonFinite);
  }

  @Override
  public void score(Matrix w, ScoreFactors f, Matrix out, boolean allowNonFinite, int kernel) {
    supported(Op.SCORE_FACTORS, w.dtype());
    ReferenceFactors.score(w, f, out, allowNonFinite);
  }

  @Override
  public void prune24(
      Matrix w, ScoreFactors f, Compressed24 out, boolean allowNonFinite, int kernel) {
    supported(Op.PRUNE24_FACTORS, w.dtype());
    ReferenceFactors.prune(w, f, out, allowNonFinite);
  }

  @Override
  public void refresh24(Compressed24 in, Compressed24 out, int kernel) {
    supported(Op.REFRESH24, in.dtype());
    twoBits(in.mask());
    twoBits(out.mask());
    for (long j = 0; j < out.n(); j++) {
      long slot = 0;
      for (long i = 0; i < out.k(); i++) {
        if (!out.mask().get(j, i)) {
          continue;
        }
        if (in.mask().get(i, j)) {
          copyElement(in.values(), i, slotOf(in.mask(), i, j), out.values(), j, slot);
        } else {
          out.values().set(j, slot, 0);
        }
        slot++;
      }
    }
  }

  private static void twoBits(Mask mask) {
    for (long i = 0; i < mask.rows(); i++) {
      for (long j = 0; j < mask.cols(); j += 4) {
        twoBits(mask, i, j);
      }
    }
  }

  /** The place among a row's values of the one in column j, which is kept. */
  private static long slotOf(Mask mask, long i, long j) {
    long slot = j / 4 * 2;
    for (long before = j / 4 * 4; before < j; before++) {
      slot += mask.get(i, before) ? 1 : 0;
    }
    return slot;
  }

  @Override
  public void transpose(Matrix x, Matrix out, int kernel) {
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        copyElement(x, i, j, out, j, i);
      }
    }
  }

  @Override
  public void axpby(float alpha, Matrix x, float beta, Matrix y, int kernel) {
    for (long i = 0; i < x.rows(); i++) {
      for (long j = 0; j < x.cols(); j++) {
        double before = beta == 0 ? 0 : (double) beta * y.get(i, j);
        y.set(i, j, (float) ((double) alpha * x.get(i, j) + before));
      }
    }
  }

  @Override
  public BackendLayers layers() {
    return layers;
  }

  /** In the order of magnitudes, with NaN above Inf: it must not be lost. */
  private static int magnitude(float value) {
    return Float.floatToRawIntBits(value) & Integer.MAX_VALUE;
  }

  private static int rank(int[] group, int t) {
    int before = 0;
    for (int u = 0; u < group.length; u++) {
      before += group[u] > group[t] || (u < t && group[u] == group[t]) ? 1 : 0;
    }
    return before;
  }

  @Override
  public void adamw(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix v,
      Matrix values,
      AdamW settings,
      long step,
      float gradScale,
      int kernel) {
    double beta1 = settings.beta1();
    double beta2 = settings.beta2();
    double lr = settings.lr();
    double t = (double) step;
    double rate = lr * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
    for (long i = 0; i < values.rows(); i++) {
      for (long j = 0; j < values.cols(); j++) {
        double g = (double) gradScale * gradient.get(i, j);
        double first = beta1 * m.get(i, j) + (1 - beta1) * g;
        double second = beta2 * v.get(i, j) + (1 - beta2) * g * g;
        double before = master.get(i, j);
        double decay = lr * settings.weightDecay() * before;
        double change = rate * first / (Math.sqrt(second) + settings.epsilon());
        m.set(i, j, (float) first);
        v.set(i, j, (float) second);
        update(master, values, i, j, before - decay - change);
      }
    }
  }

  @Override
  public void sgd(
      Matrix gradient,
      Matrix master,
      Matrix m,
      Matrix values,
      Sgd settings,
      float gradScale,
      int kernel) {
    for (long i = 0; i < values.rows(); i++) {
      for (long j = 0; j < values.cols(); j++) {
        double before = master.get(i, j);
        double decay = settings.weightDecay() * before;
        double g = (double) gradScale * gradient.get(i, j) + decay;
        double moment = (double) settings.momentum() * m.get(i, j) + g;
        m.set(i, j, (float) moment);
        update(master, values, i, j, before - settings.lr() * moment);
      }
    }
  }

  /** The values are the master, rounded once more. */
  private static void update(Matrix master, Matrix values, long i, long j, double weight) {
    master.set(i, j, (float) weight);
    values.set(i, j, (float) weight);
  }

  @Override
  public void close() {}
}
