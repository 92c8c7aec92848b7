package io.sparse24.examples;

import io.sparse24.Pruner;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Backends;
import io.sparse24.api.DType;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import java.lang.foreign.Arena;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One weight, many threads: each has a session of its own that shares the first one's workers. */
public final class ServerExample {
  private ServerExample() {}

  /**
   * Runs it.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try (Session session = Backends.open("cpu");
        Arena arena = Arena.ofConfined()) {
      Matrix w = Matrix.allocate(arena, 64, 128, DType.BF16);
      for (long i = 0; i < w.rows(); i++) {
        w.set(i, 2 * i, 1);
      }
      // @start region="server"
      try (Sparse24Matrix weight = Pruner.magnitude().prune(session, w);
          ExecutorService requests = Executors.newFixedThreadPool(4)) {
        for (int request = 0; request < 8; request++) {
          Session own = session.share();
          int id = request;
          requests.execute(() -> answer(own, weight, id));
        }
      }
      // @end
    }
  }

  private static void answer(Session session, Sparse24Matrix weight, int id) {
    try (session;
        Arena arena = Arena.ofConfined()) {
      Matrix x = Matrix.allocate(arena, 1, weight.k(), weight.dtype());
      Matrix y = Matrix.allocate(arena, 1, weight.n(), weight.dtype());
      x.set(0, 2L * id, id);
      session.spmm24(x, weight.packed(), y);
      System.out.printf("request %d: y[%d] = %.0f%n", id, id, y.get(0, id));
    }
  }
}
