#ifndef SPARSE24_CPU_CONTEXT_HPP
#define SPARSE24_CPU_CONTEXT_HPP

#include <cstdio>
#include <exception>
#include <memory>
#include <new>

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

// The one place where a C++ exception becomes a status and a text (cut to capacity, which may be 0).
template <class Action>
int32_t guarded(char *text, int64_t capacity, const Action &action) noexcept {
  const auto report = [&](s24_status status, const char *what) {
    if (text != nullptr && capacity > 0) std::snprintf(text, static_cast<size_t>(capacity), "%s", what);
    return static_cast<int32_t>(status);
  };
  try {
    action();
    return S24_OK;
  } catch (const Error &e) {
    return report(e.status(), e.what());
  } catch (const std::bad_alloc &) {
    return report(S24_OUT_OF_MEMORY, "host memory is exhausted");
  } catch (const std::exception &e) {
    return report(S24_INTERNAL_ERROR, e.what());
  } catch (...) {
    return report(S24_INTERNAL_ERROR, "unknown exception");
  }
}

template <class Action>
int32_t guarded(s24_context *ctx, const Action &action) noexcept {
  if (ctx == nullptr) return S24_BAD_ARGUMENT;
  return guarded(ctx->last_error, sizeof ctx->last_error, action);
}

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_CONTEXT_HPP
