package io.sparse24.bench;

import io.sparse24.api.KernelInfo;
import io.sparse24.api.Session;

/**
 * A workload that runs with one kernel, whatever the session would choose.
 *
 * @param session of the workload
 * @param kernel that runs it
 * @param workload its operation is the kernel's
 */
record Forced(Session session, KernelInfo kernel, Workload workload) implements Workload {
  /** The maker asks the session for layouts; it is answered for this kernel. */
  static Workload of(Session session, KernelInfo kernel, Contest.Maker maker) {
    session.useKernel(kernel);
    try {
      return new Forced(session, kernel, maker.make());
    } finally {
      session.useBestKernels();
    }
  }

  @Override
  public void run() {
    session.useKernel(kernel);
    try {
      workload.run(); // throws where the kernel does not take the extents
    } finally {
      session.useBestKernels();
    }
  }

  @Override
  public double bytes() {
    return workload.bytes();
  }

  @Override
  public double flops() {
    return workload.flops();
  }

  @Override
  public double rotatedBytes() {
    return workload.rotatedBytes();
  }

  @Override
  public double check(Runnable call) {
    return workload.check(call);
  }

  @Override
  public void close() {
    workload.close();
  }
}
