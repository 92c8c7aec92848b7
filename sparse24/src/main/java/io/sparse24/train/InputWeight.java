package io.sparse24.train;

import io.sparse24.Pattern;
import io.sparse24.api.Compressed24;
import io.sparse24.api.Epilogue;
import io.sparse24.api.Mask;
import io.sparse24.api.Matrix;
import io.sparse24.api.Scratch;
import io.sparse24.api.Session;
import io.sparse24.format.TensorType;
import java.lang.foreign.Arena;

/** What a {@link SlopeLinear} has in place of Wᵀ, {@code [k, n]}, for the gradient of X. */
sealed interface InputWeight {
  /**
   * Takes new values.
   *
   * @param canonical W^R
   * @param newMask whether the column mask, if there is one, is made anew
   */
  void refresh(Compressed24 canonical, boolean newMask);

  /** {@code dX = dY W + beta · dX}. */
  void multiply(Matrix dy, Matrix dx, Epilogue epilogue);

  /** Values that the product reads. */
  long bytes();

  long maskBytes();

  /** What a checkpoint keeps beside W^R. */
  void describe(String name, State state);

  /** W^R,C: at most two of each four along n, too. */
  final class DoublePruned implements InputWeight {
    private final Session session;
    private final Scratch memory;
    private final Compressed24 transpose; // working values in the workspace
    private final Packing packing;

    DoublePruned(Workspace workspace, Scratch memory, Workspace.Carver carver, long n, long k) {
      this.session = workspace.session();
      this.memory = memory;
      this.transpose = new Compressed24(carver.matrix(k, n / 2), memory.mask(k, n));
      this.packing = new Packing(workspace, memory);
    }

    @Override
    public void refresh(Compressed24 canonical, boolean newMask) {
      if (newMask) {
        session.doublePrune24(canonical, transpose);
      } else {
        session.refresh24(canonical, transpose);
      }
      packing.pack(transpose);
    }

    @Override
    public void multiply(Matrix dy, Matrix dx, Epilogue epilogue) {
      session.spmm24(dy, packing.packed(), dx, dx, epilogue);
    }

    @Override
    public long bytes() {
      return packing.packed().byteSize();
    }

    @Override
    public long maskBytes() {
      return transpose.mask().buffer().byteSize();
    }

    @Override
    public void describe(String name, State state) {
      Mask mask = transpose.mask();
      long rowBytes = Mask.rowBytes(mask.cols());
      state.buffer(name + ".column_mask", TensorType.U8, mask.buffer(), mask.rows(), rowBytes);
    }

    ExtraSparsity extraSparsity(Mask rows) {
      try (Arena arena = Arena.ofConfined()) {
        Mask columns = Mask.allocate(arena, transpose.n(), transpose.k());
        memory.download(transpose.mask(), columns);
        return ExtraSparsity.of(rows, columns, Pattern.P2_4);
      }
    }
  }

  /** W^R itself, dense: the gradient of X is exact, and its product saves nothing. */
  final class Exact implements InputWeight {
    private final Session session;
    private final Matrix dense; // the workspace's
    private final Matrix transpose;

    Exact(Workspace workspace, Scratch memory, Workspace.Carver carver, long n, long k) {
      this.session = workspace.session();
      this.dense = carver.matrix(n, k);
      this.transpose = memory.matrix(k, n, workspace.dtype());
    }

    @Override
    public void refresh(Compressed24 canonical, boolean newMask) {
      session.decompress24(canonical, dense);
      session.transpose(dense, transpose);
    }

    @Override
    public void multiply(Matrix dy, Matrix dx, Epilogue epilogue) {
      session.gemm(dy, transpose, dx, dx, epilogue);
    }

    @Override
    public long bytes() {
      return transpose.buffer().byteSize();
    }

    @Override
    public long maskBytes() {
      return 0;
    }

    @Override
    public void describe(String name, State state) {}
  }
}
