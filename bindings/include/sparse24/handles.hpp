// The handles of a kind that a library has given out and not taken back: so that null, one that was destroyed and one
// of another library are told from its own without a look at the memory behind them.
#ifndef SPARSE24_HANDLES_HPP
#define SPARSE24_HANDLES_HPP

#include <memory>
#include <mutex>
#include <unordered_set>

#include "sparse24/contract.hpp"

namespace s24 {

template <class Handle>
class Handles {
 public:
  Handle *add(std::unique_ptr<Handle> handle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    live_.insert(handle.get());
    return handle.release();
  }

  Handle &find(const char *name, Handle *handle) {
    check::pointer(name, handle, true);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (live_.count(handle) == 0) unknown(name);
    return *handle;
  }

  // The caller's again, to be destroyed; null for null.
  std::unique_ptr<Handle> remove(const char *name, Handle *handle) {
    if (handle == nullptr) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (live_.erase(handle) == 0) unknown(name);
    return std::unique_ptr<Handle>(handle);
  }

 private:
  [[noreturn]] static void unknown(const char *name) {
    fail(S24_BAD_ARGUMENT, "%s: is destroyed, or not of this library", name);
  }

  std::mutex mutex_;
  std::unordered_set<const Handle *> live_;
};

}  // namespace s24

#endif  // SPARSE24_HANDLES_HPP
