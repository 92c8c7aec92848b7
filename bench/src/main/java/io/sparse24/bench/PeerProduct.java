package io.sparse24.bench;

import io.sparse24.api.Matrix;
import java.lang.foreign.Arena;

/** A peer's product as a workload. */
final class PeerProduct implements Workload {
  /** No product here writes it. */
  private static final byte POISON = (byte) 0xA5;

  private final Setup setup;
  private final Arena arena = Arena.ofShared();
  private final Matrix x;

  /** The weight as the oracle sees it. */
  private final Matrix w;

  private final int copies;
  private final Peer.Product product;

  /** The weight stays open as long as this. */
  PeerProduct(Setup setup, Weight weight, Peer peer, int threads) {
    this.setup = setup;
    this.x = Setup.random(arena, setup.m(), setup.k(), setup.dtype(), 1);
    this.w = peer.sparse() ? weight.pruned() : weight.dense();
    this.copies = setup.copies((long) weightBytes(peer));
    try {
      this.product = peer.prepare(x, w, copies, threads);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Without what says where the kept values are: a copy too many rather than one too few. */
  private double weightBytes(Peer peer) {
    return w.segment().byteSize() / (peer.sparse() ? 2.0 : 1.0);
  }

  @Override
  public void run() {
    product.run();
  }

  @Override
  public double bytes() {
    return w.segment().byteSize() + x.segment().byteSize() + product.y().segment().byteSize();
  }

  @Override
  public double flops() {
    return 2.0 * setup.m() * setup.n() * setup.k();
  }

  @Override
  public double rotatedBytes() {
    return (double) w.segment().byteSize() * copies;
  }

  @Override
  public double check(Runnable call) {
    product.y().segment().fill(POISON);
    call.run();
    return ProductOracle.check(x, w, product.y());
  }

  @Override
  public void close() {
    product.close();
    arena.close();
  }
}
