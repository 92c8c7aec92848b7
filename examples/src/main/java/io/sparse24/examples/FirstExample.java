package io.sparse24.examples;

import io.sparse24.Pruner;
import io.sparse24.Sparse24Matrix;
import io.sparse24.api.Backends;
import io.sparse24.api.Matrix;
import io.sparse24.api.Session;
import io.sparse24.format.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Maps a weight, prunes it to 2:4, multiplies with it. */
public final class FirstExample {
  private FirstExample() {}

  /**
   * Runs it.
   *
   * @param args a safetensors file, the name of a weight in it
   * @throws IOException if the file can't be read
   */
  // @start region="first"
  public static void main(String[] args) throws IOException {
    try (Session session = Backends.open("cpu");
        Safetensors file = Safetensors.open(Path.of(args[0]));
        Arena arena = Arena.ofConfined()) {
      Matrix w = file.tensor(args[1]).matrix(arena); // [n, k]; a copy only if unaligned
      try (Sparse24Matrix sparse = Pruner.magnitude().prune(session, w)) {
        Matrix x = Matrix.allocate(arena, 1, w.cols(), w.dtype());
        Matrix y = Matrix.allocate(arena, 1, w.rows(), w.dtype());
        x.set(0, 0, 1);
        sparse.multiply(x, y); // y = x Wᵀ
        System.out.println("y[0] = " + y.get(0, 0) + " from " + sparse.byteSize() + " bytes");
      }
    }
  }
  // @end
}
