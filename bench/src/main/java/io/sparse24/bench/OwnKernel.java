package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.KernelInfo;
import io.sparse24.api.Op;
import io.sparse24.api.Session;

/** The backend's own kernel where it would choose one of NVIDIA's libraries. */
final class OwnKernel {
  /** As the names of cuBLASLt's end: the only ones that are chosen unasked. */
  static final String CUBLASLT = "_cublaslt";

  private OwnKernel() {}

  static KernelInfo of(Session session, Op op, DType dtype, DType xDtype, long m, long n, long k) {
    KernelInfo chosen = session.kernel(op, dtype, xDtype, m, n, k);
    return chosen.name().endsWith(CUBLASLT)
        ? session.kernels().stream()
            .filter(kernel ->
                kernel.op() == op
                    && kernel.dtype() == dtype
                    && kernel.xDtype() == xDtype
                    && kernel.available()
                    && !kernel.name().endsWith(CUBLASLT))
            .reduce((_, last) -> last)
            .orElse(chosen)
        : chosen;
  }
}
