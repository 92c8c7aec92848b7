package io.sparse24.bench.peers;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** LibTorch's linear, as torch.nn.Linear calls it. */
public final class LibTorch implements Peer {
  /** Of the OpenBLAS that multiplies F32 for it, which does not ask torch. */
  private final MethodHandle setBlasThreads;

  /** Loads the library. */
  public LibTorch() {
    torch.get_num_threads();
    setBlasThreads =
        Functions.find("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
  }

  @Override
  public String name() {
    return "LibTorch";
  }

  @Override
  public String version() {
    return Versions.of("org.bytedeco", "pytorch");
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return dtype == DType.F32 || dtype == DType.BF16;
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    return new Linear(x, w, copies, threads);
  }

  private static Tensor tensor(long rows, long cols, DType dtype) {
    ScalarType type = dtype == DType.F32 ? ScalarType.Float : ScalarType.BFloat16;
    try (TensorOptions options = new TensorOptions(type)) {
      return torch.empty(new long[] {rows, cols}, options, null);
    }
  }

  private static MemorySegment memory(Tensor tensor, long bytes) {
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(bytes);
  }

  private static Tensor copy(Matrix from) {
    Tensor tensor = tensor(from.rows(), from.cols(), from.dtype());
    memory(tensor, from.segment().byteSize()).copyFrom(from.segment());
    return tensor;
  }

  private final class Linear implements Product {
    private final int threads;
    private final Tensor x;
    private final Tensor[] weights;
    private final Tensor out;
    private final Matrix y;
    private int next;

    Linear(Matrix x, Matrix w, int copies, int threads) {
      this.threads = threads;
      this.x = copy(x);
      weights = new Tensor[copies];
      for (int i = 0; i < copies; i++) {
        weights[i] = copy(w);
      }
      out = tensor(x.rows(), w.rows(), x.dtype());
      y =
          Matrix.of(
              memory(out, x.rows() * w.rows() * x.dtype().bytes()), x.rows(), w.rows(), x.dtype());
    }

    @Override
    public void run() {
      torch.set_num_threads(threads);
      try {
        setBlasThreads.invokeExact(threads);
      } catch (Throwable e) {
        throw Functions.unexpected(e);
      }
      try (NoGradGuard _ = new NoGradGuard()) {
        torch.linear_out(out, x, weights[next]).close();
      }
      next = next + 1 == weights.length ? 0 : next + 1;
    }

    @Override
    public Matrix y() {
      return y;
    }

    @Override
    public void close() {
      for (Tensor weight : weights) {
        weight.close();
      }
      out.close();
      x.close();
    }
  }
}
