package io.sparse24.bench.peers;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;

import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.bench.Peer;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Loader;

/** OpenBLAS: sgemm. This build of it has no sbgemm, and no form of prepacked weights. */
public final class OpenBlas implements Peer {
  private final MethodHandle sgemm;
  private final MethodHandle setThreads;
  private final String version;

  /** Loads the library. */
  public OpenBlas() {
    Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
    sgemm =
        Functions.find(
            "cblas_sgemm",
            FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_FLOAT,
                ADDRESS,
                JAVA_INT,
                ADDRESS,
                JAVA_INT,
                JAVA_FLOAT,
                ADDRESS,
                JAVA_INT));
    setThreads = Functions.find("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    MethodHandle config = Functions.find("openblas_get_config", FunctionDescriptor.of(ADDRESS));
    try {
      MemorySegment text = (MemorySegment) config.invokeExact();
      version = text.reinterpret(256).getString(0).split(" ", 3)[1];
    } catch (Throwable e) {
      throw Functions.unexpected(e);
    }
  }

  @Override
  public String name() {
    return "OpenBLAS";
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public boolean multiplies(DType dtype, long k) {
    return dtype == DType.F32;
  }

  @Override
  public Product prepare(Matrix x, Matrix w, int copies, int threads) {
    int m = Math.toIntExact(x.rows());
    int n = Math.toIntExact(w.rows());
    int k = Math.toIntExact(x.cols());
    return new CopiedWeights(x, w, copies) {
      @Override
      void multiply(MemorySegment weight) {
        try {
          setThreads.invokeExact(threads);
          sgemm.invokeExact(
              CblasRowMajor,
              CblasNoTrans,
              CblasTrans,
              m,
              n,
              k,
              1f,
              x.segment(),
              k,
              weight,
              k,
              0f,
              y().segment(),
              n);
        } catch (Throwable e) {
          throw Functions.unexpected(e);
        }
      }
    };
  }
}
