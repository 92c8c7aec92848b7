#ifndef SPARSE24_CPU_CONTEXT_HPP
#define SPARSE24_CPU_CONTEXT_HPP

#include <memory>

#include "isa.hpp"
#include "sparse24/contract.hpp"
#include "thread_pool.hpp"

struct s24_context {
  std::shared_ptr<s24::cpu::ThreadPool> pool;  // shared with siblings
  int threads;                                 // of the pool's
  s24::cpu::Isa isa;
  char last_error[512];
};

namespace s24::cpu {

using s24::guarded;

template <class Action>
int32_t guarded(s24_context *ctx, const Action &action) noexcept {
  if (ctx == nullptr) return S24_BAD_ARGUMENT;
  return s24::guarded(ctx->last_error, sizeof ctx->last_error, action);
}

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CONTEXT_HPP
