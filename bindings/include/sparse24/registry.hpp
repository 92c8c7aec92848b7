// What a line of kernels.inc is made of, and the choice among such lines: the same in every kernel library.
#ifndef SPARSE24_REGISTRY_HPP
#define SPARSE24_REGISTRY_HPP

#include <string>

#include "sparse24/contract.hpp"

namespace s24 {

inline constexpr const char *kOpNames[] = {
    "accumulate_norms", "score",          "select",        "prune24",        "compress24", "decompress24",
    "apply_mask",       "pack24",         "unpack24",      "spmm24",         "gemm",       "quantize",
    "sddmm24",          "double_prune24", "cast",          "adamw",          "sgd",        "prune24_both",
    "refresh24",        "transpose",      "axpby",         "embed",          "embed_grad", "rmsnorm",
    "rmsnorm_grad",     "rope",           "attention",     "attention_grad", "swiglu",     "swiglu_grad",
    "cross_entropy",    "margins",        "score_factors", "prune24_factors"};

inline const char *op_name(int32_t op) {
  check::range("op", op, 0, static_cast<int32_t>(sizeof kOpNames / sizeof kOpNames[0]) - 1);
  return kOpNames[op];
}

namespace op_of {
inline constexpr s24_op accumulate_norms = S24_OP_ACCUMULATE_NORMS, score = S24_OP_SCORE, select = S24_OP_SELECT,
                        prune24 = S24_OP_PRUNE24, compress24 = S24_OP_COMPRESS24, decompress24 = S24_OP_DECOMPRESS24,
                        apply_mask = S24_OP_APPLY_MASK, pack24 = S24_OP_PACK24, unpack24 = S24_OP_UNPACK24,
                        spmm24 = S24_OP_SPMM24, gemm = S24_OP_GEMM, quantize = S24_OP_QUANTIZE,
                        sddmm24 = S24_OP_SDDMM24, double_prune24 = S24_OP_DOUBLE_PRUNE24, cast = S24_OP_CAST,
                        adamw = S24_OP_ADAMW, sgd = S24_OP_SGD, prune24_both = S24_OP_PRUNE24_BOTH,
                        refresh24 = S24_OP_REFRESH24, transpose = S24_OP_TRANSPOSE, axpby = S24_OP_AXPBY,
                        embed = S24_OP_EMBED, embed_grad = S24_OP_EMBED_GRAD, rmsnorm = S24_OP_RMSNORM,
                        rmsnorm_grad = S24_OP_RMSNORM_GRAD, rope = S24_OP_ROPE, attention = S24_OP_ATTENTION,
                        attention_grad = S24_OP_ATTENTION_GRAD, swiglu = S24_OP_SWIGLU,
                        swiglu_grad = S24_OP_SWIGLU_GRAD, cross_entropy = S24_OP_CROSS_ENTROPY,
                        margins = S24_OP_MARGINS, score_factors = S24_OP_SCORE_FACTORS,
                        prune24_factors = S24_OP_PRUNE24_FACTORS;
}

// The two types of a kernel, as s24_kernel_info has them.
struct Types {
  int32_t dtype, x_dtype;
  bool operator==(const Types &other) const { return dtype == other.dtype && x_dtype == other.x_dtype; }
};

// Of a multiplication; 0 where an operation has none, or it is not known.
struct Extents {
  int64_t m, n, k;
};

// "bf16", "i8_f32": the second only where it differs, or where a type of its own would be taken for one that W and X
// share: i8_i8 is W and X in I8, i8 an operation that copies elements.
inline std::string types_name(Types types) {
  const std::string name = dtype_name(types.dtype);
  return types.x_dtype == types.dtype ? name : name + "_" + dtype_name(types.x_dtype);
}

namespace types_of {
inline constexpr Types f32{S24_F32, S24_F32}, bf16{S24_BF16, S24_BF16}, f16{S24_F16, S24_F16}, i8{S24_I8, S24_I8},
    e4m3{S24_F8_E4M3, S24_F8_E4M3}, i8_f32{S24_I8, S24_F32}, i8_bf16{S24_I8, S24_BF16}, i8_f16{S24_I8, S24_F16},
    i8_i8{S24_I8, S24_I8}, e4m3_f32{S24_F8_E4M3, S24_F32}, e4m3_bf16{S24_F8_E4M3, S24_BF16},
    e4m3_f16{S24_F8_E4M3, S24_F16}, f32_bf16{S24_F32, S24_BF16}, f32_f16{S24_F32, S24_F16}, f32_i8{S24_F32, S24_I8},
    f32_e4m3{S24_F32, S24_F8_E4M3}, bf16_f32{S24_BF16, S24_F32}, bf16_f16{S24_BF16, S24_F16}, bf16_i8{S24_BF16, S24_I8},
    bf16_e4m3{S24_BF16, S24_F8_E4M3}, f16_f32{S24_F16, S24_F32}, f16_bf16{S24_F16, S24_BF16}, f16_i8{S24_F16, S24_I8},
    f16_e4m3{S24_F16, S24_F8_E4M3}, e4m3_e4m3{S24_F8_E4M3, S24_F8_E4M3};
}

// The choice of a kernel among a library's. Kernel has name, op, types, layout; reason(kernel) says why it cannot run
// here, empty where it can; better(a, b) whether a is to be preferred to b.
template <class Kernel, class Reason, class Better>
class Registry {
 public:
  constexpr Registry(const Kernel *kernels, int32_t count, Reason reason, Better better)
      : kernels_(kernels), count_(count), reason_(reason), better_(better) {}

  // `id` where it is a kernel of this operation, types and layout that can run here, else an error that says why not;
  // for id = S24_KERNEL_AUTO the best one. layout < 0: any.
  int32_t find(int32_t id, int32_t op, Types types, int32_t layout) const {
    return id == S24_KERNEL_AUTO ? best(op, types, layout) : given(id, op, types, layout);
  }

 private:
  bool fits(const Kernel &k, int32_t op, Types types, int32_t layout) const {
    return k.op == op && k.types == types && (layout < 0 || k.layout == layout);
  }

  int32_t given(int32_t id, int32_t op, Types types, int32_t layout) const {
    check::range("kernel", id, 0, count_ - 1);
    const Kernel &k = kernels_[id];
    if (k.op != op) fail(S24_BAD_ARGUMENT, "kernel: %d is %s, not a kernel of %s", id, k.name, op_name(op));
    if (!(k.types == types)) {
      fail(S24_BAD_ARGUMENT, "kernel: %d is %s, dtype is %s", id, k.name, types_name(types).c_str());
    }
    if (!fits(k, op, types, layout)) {
      fail(S24_BAD_ARGUMENT, "layout: %d, but kernel %d (%s) has layout %d", layout, id, k.name, k.layout);
    }
    const std::string reason = reason_(k);
    if (!reason.empty()) fail(S24_UNSUPPORTED, "kernel: %d (%s) cannot run here: %s", id, k.name, reason.c_str());
    return id;
  }

  int32_t best(int32_t op, Types types, int32_t layout) const {
    int32_t found = -1;
    for (int32_t i = 0; i < count_; i++) {
      const Kernel &k = kernels_[i];
      if (fits(k, op, types, layout) && reason_(k).empty() && (found < 0 || better_(k, kernels_[found]))) found = i;
    }
    if (found >= 0) return found;
    const std::string name = types_name(types);
    if (layout >= 0 && best(op, types, -1) >= 0) {
      fail(S24_BAD_ARGUMENT, "layout: no kernel of %s in %s has layout %d", op_name(op), name.c_str(), layout);
    }
    fail(S24_UNSUPPORTED, "%s has no kernel for %s", op_name(op), name.c_str());
  }

  const Kernel *kernels_;
  int32_t count_;
  Reason reason_;
  Better better_;
};

}  // namespace s24

#endif  // SPARSE24_REGISTRY_HPP
