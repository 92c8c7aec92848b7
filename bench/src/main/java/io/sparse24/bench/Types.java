package io.sparse24.bench;

import io.sparse24.api.DType;
import io.sparse24.api.Op;

/**
 * The element types of an operation, where one is asked for.
 *
 * @param dtype as in {@link io.sparse24.api.KernelInfo#dtype}
 * @param xDtype as in {@link io.sparse24.api.KernelInfo#xDtype}
 */
record Types(DType dtype, DType xDtype) {
  /**
   * What a type means for an operation.
   *
   * @param op the operation; selection reads F32 scores whatever the weight
   * @param dtype of the weight; for quantize and cast of the result, or of what becomes I8, or BF16
   * @param wantedX of X where the weight has row scales; what quantize and cast read
   */
  static Types of(Op op, DType dtype, DType wantedX) {
    return switch (op) {
      case SELECT -> new Types(DType.F32, DType.F32);
      case SPMM24, GEMM -> new Types(dtype, dtype.scaled() ? wantedX : dtype);
      case QUANTIZE ->
          dtype.scaled()
              ? new Types(dtype, wantedX.scaled() ? DType.BF16 : wantedX)
              : new Types(DType.I8, dtype);
      case CAST -> cast(dtype, wantedX);
      case AXPBY -> new Types(dtype, dtype == DType.F32 && !wantedX.scaled() ? wantedX : dtype);
      default -> new Types(dtype, dtype);
    };
  }

  /** To the type, of another: the one that is wanted, or F32, or BF16. */
  private static Types cast(DType dtype, DType wantedX) {
    if (dtype.scaled()) {
      return new Types(DType.BF16, dtype);
    }
    DType other = dtype == DType.F32 ? DType.BF16 : DType.F32;
    return new Types(dtype, wantedX == dtype ? other : wantedX);
  }

  /** Whether an operation moves or multiplies elements that have row scales. */
  static boolean takesScaled(Op op) {
    return switch (op) {
      case COMPRESS24, DECOMPRESS24, APPLY_MASK, PACK24, UNPACK24, SPMM24, GEMM, QUANTIZE, CAST ->
          true;
      case ACCUMULATE_NORMS,
          SCORE,
          SELECT,
          PRUNE24,
          SDDMM24,
          DOUBLE_PRUNE24,
          ADAMW,
          SGD,
          PRUNE24_BOTH,
          REFRESH24,
          TRANSPOSE,
          AXPBY,
          EMBED,
          EMBED_GRAD,
          RMSNORM,
          RMSNORM_GRAD,
          ROPE,
          ATTENTION,
          ATTENTION_GRAD,
          SWIGLU,
          SWIGLU_GRAD,
          CROSS_ENTROPY,
          MARGINS,
          SCORE_FACTORS,
          PRUNE24_FACTORS ->
          false;
    };
  }
}
