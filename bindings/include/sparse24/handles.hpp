// The handles of a kind that a library has given out and not taken back: so that null, one that was destroyed and one
// of another library are told from its own without a look at the memory behind them. What one thread has found stays as
// long as it uses it, though another thread destroys it meanwhile.
#ifndef SPARSE24_HANDLES_HPP
#define SPARSE24_HANDLES_HPP

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "sparse24/contract.hpp"

namespace s24 {

template <class Handle>
class Handles {
 public:
  Handle *add(std::shared_ptr<Handle> handle) {
    Handle *const key = handle.get();
    const std::lock_guard<std::mutex> lock(mutex_);
    live_.emplace(key, std::move(handle));
    return key;
  }

  std::shared_ptr<Handle> find(const char *name, Handle *handle) {
    check::pointer(name, handle, true);
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = live_.find(handle);
    if (found == live_.end()) unknown(name);
    return found->second;
  }

  // Destroyed once nobody uses it any more; null is none.
  void remove(const char *name, Handle *handle) {
    if (handle == nullptr) return;
    std::shared_ptr<Handle> removed;  // destroyed outside the lock
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = live_.find(handle);
    if (found == live_.end()) unknown(name);
    removed = std::move(found->second);
    live_.erase(found);
  }

 private:
  [[noreturn]] static void unknown(const char *name) {
    fail(S24_BAD_ARGUMENT, "%s: is destroyed, or not of this library", name);
  }

  std::mutex mutex_;
  std::unordered_map<const Handle *, std::shared_ptr<Handle>> live_;
};

}  // namespace s24

#endif  // SPARSE24_HANDLES_HPP
