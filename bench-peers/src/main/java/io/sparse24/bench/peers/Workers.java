package io.sparse24.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Splits rows over threads, the calling one among them. */
final class Workers implements AutoCloseable {
  /** Part of the work. */
  interface Part {
    void run(int from, int to);
  }

  private final int threads;
  private final ExecutorService pool;

  Workers(int threads) {
    this.threads = threads;
    this.pool = Executors.newFixedThreadPool(Math.max(threads - 1, 1));
  }

  /** Rows 0 to n, in parts that are multiples of a step. */
  void split(int n, int step, Part part) {
    int size = Math.ceilDiv(Math.ceilDiv(n, threads), step) * step;
    List<Future<?>> others = new ArrayList<>();
    for (int from = size; from < n; from += size) {
      int start = from;
      others.add(pool.submit(() -> part.run(start, Math.min(start + size, n))));
    }
    part.run(0, Math.min(size, n));
    try {
      for (Future<?> other : others) {
        other.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a part of the product failed", e);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
