package io.sparse24.api;

import io.sparse24.api.Guard.Turn;
import io.sparse24.api.spi.BackendSession;
import java.util.Arrays;
import java.util.List;

/** A session's kernels: which are forced, what the backend would choose, and by which numbers. */
final class Kernels {
  private static final int DTYPES = DType.values().length;

  private final BackendSession backend;
  private final String name;
  private final Guard guard;
  private final List<KernelInfo> all;
  private final int[] forced = new int[Op.values().length * DTYPES * DTYPES];

  Kernels(BackendSession backend, Guard guard) {
    this.backend = backend;
    this.name = backend.info().backend();
    this.guard = guard;
    this.all = backend.kernels();
    Arrays.fill(forced, BackendSession.AUTO);
  }

  List<KernelInfo> all() {
    return all;
  }

  /** The kernel that an operation is called with, or {@link BackendSession#AUTO}. */
  int forced(Op op, DType dtype, DType xDtype) {
    return forced[slot(op, dtype, xDtype)];
  }

  private static int slot(Op op, DType dtype, DType xDtype) {
    return (op.ordinal() * DTYPES + dtype.ordinal()) * DTYPES + xDtype.ordinal();
  }

  KernelInfo choice(Op op, DType dtype, DType xDtype, long m, long n, long k) {
    Checks.extent("m", m);
    Checks.extent("n", n);
    Checks.extent("k", k);
    try (Turn _ = guard.enter()) {
      int id = forced(op, dtype, xDtype);
      return of(
          id == BackendSession.AUTO ? backend.chooseKernel(op, dtype, xDtype, -1, m, n, k) : id);
    }
  }

  /** By its id, which need not be its place: kernels this version does not know are passed over. */
  private KernelInfo of(int id) {
    for (KernelInfo kernel : all) {
      if (kernel.id() == id) {
        return kernel;
      }
    }
    throw new Sparse24Exception.Internal(
        "backend " + name + " chose kernel " + id + ", not listed");
  }

  void force(KernelInfo kernel) {
    if (!all.contains(kernel)) {
      throw new IllegalArgumentException("kernel: " + kernel.name() + " is not of backend " + name);
    }
    if (!kernel.available()) {
      throw new Sparse24Exception.Unsupported(kernel.name() + ": " + kernel.reason());
    }
    try (Turn _ = guard.enter()) {
      forced[slot(kernel.op(), kernel.dtype(), kernel.xDtype())] = kernel.id();
    }
  }

  void forceNone() {
    try (Turn _ = guard.enter()) {
      Arrays.fill(forced, BackendSession.AUTO);
    }
  }

  List<Heuristic> heuristics() {
    try (Turn _ = guard.enter()) {
      return backend.heuristics();
    }
  }

  void setHeuristic(String heuristic, int value) {
    try (Turn _ = guard.enter()) {
      List<Heuristic> known = backend.heuristics();
      for (int index = 0; index < known.size(); index++) {
        Heuristic one = known.get(index);
        if (one.name().equals(heuristic)) {
          if (value < one.least() || value > one.most()) {
            throw new IllegalArgumentException(
                heuristic + ": is " + value + ", must be " + one.least() + " to " + one.most());
          }
          backend.setHeuristic(index, value);
          return;
        }
      }
      throw new IllegalArgumentException(
          "heuristic: is '"
              + heuristic
              + "', must be one of "
              + known.stream().map(Heuristic::name).toList());
    }
  }
}
