#include "thread_pool.hpp"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>

#include "sparse24/contract.hpp"

namespace s24::cpu {
namespace {

// A decode step issues its operations a few microseconds apart: workers that spin this long meet the next one awake.
constexpr auto kSpin = std::chrono::microseconds(50);

void futex_wait(std::atomic<uint32_t> &word, uint32_t expected) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<uint32_t> &word) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Spins until done() or kSpin has passed; says which.
template <class Done>
bool spin(const Done &done) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  for (;;) {
    for (int i = 0; i < 64; i++) {
      if (done()) return true;
      relax();
    }
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
}

// The process's CPU quota from cgroup v2 (a container sees its own group at the root), or a huge number.
int cgroup_cpus() {
  std::FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (file == nullptr) return 1 << 20;
  long long quota = 0, period = 0;
  const int fields = std::fscanf(file, "%lld %lld", &quota, &period);  // "max 100000" reads no number
  std::fclose(file);
  if (fields != 2 || quota <= 0 || period <= 0) return 1 << 20;
  return static_cast<int>(std::clamp<long long>((quota + period - 1) / period, 1, 1 << 20));
}

}  // namespace

int available_cpus() {
  cpu_set_t set;
  int affinity = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (sched_getaffinity(0, sizeof set, &set) == 0) affinity = CPU_COUNT(&set);
  return std::max(1, std::min(affinity, cgroup_cpus()));
}

struct alignas(64) ThreadPool::Worker {
  enum State : uint32_t { kIdle, kJob, kAsleep, kStop };
  std::atomic<uint32_t> state{kIdle};
  int part = 0;
  std::thread thread;
};

ThreadPool::ThreadPool(int threads) : threads_(threads) {}

ThreadPool::~ThreadPool() {
  if (!workers_) return;
  for (int i = 0; i < threads_ - 1; i++) {
    Worker &worker = workers_[i];
    if (!worker.thread.joinable()) continue;
    worker.state.exchange(Worker::kStop);
    futex_wake(worker.state);
    worker.thread.join();
  }
}

void ThreadPool::start_workers() {
  if (!workers_) workers_ = std::make_unique<Worker[]>(static_cast<size_t>(threads_ - 1));
  // Workers take no asynchronous signals: those belong to the host process's own threads.
  sigset_t all, old;
  sigfillset(&all);
  for (int synchronous : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, synchronous);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  std::string failure;
  for (int i = 0; i < threads_ - 1 && failure.empty(); i++) {
    Worker &worker = workers_[i];
    if (worker.thread.joinable()) continue;
    worker.part = i + 1;
    try {
      worker.thread = std::thread([this, &worker] { work(worker); });
      pthread_setname_np(worker.thread.native_handle(), "s24-worker");
    } catch (const std::system_error &e) {
      failure = e.what();
    }
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (!failure.empty()) fail(S24_OUT_OF_MEMORY, "threads: %d worker threads: %s", threads_ - 1, failure.c_str());
  started_ = true;
}

void ThreadPool::work(Worker &worker) {
  for (;;) {
    const auto called = [&] { return worker.state.load(std::memory_order_acquire) != Worker::kIdle; };
    if (!spin(called)) {
      uint32_t idle = Worker::kIdle;
      if (worker.state.compare_exchange_strong(idle, Worker::kAsleep)) {
        while (worker.state.load(std::memory_order_acquire) == Worker::kAsleep) {
          futex_wait(worker.state, Worker::kAsleep);
        }
      }
    }
    if (worker.state.load(std::memory_order_acquire) == Worker::kStop) return;
    body_(argument_, worker.part);
    worker.state.store(Worker::kIdle, std::memory_order_release);
    if (pending_.fetch_sub(1) == 1 && caller_sleeps_.load() != 0) futex_wake(pending_);
  }
}

bool ThreadPool::try_run(int parts, Body body, const void *argument) {
  const std::unique_lock<std::mutex> lock(job_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (!started_) start_workers();
  body_ = body;
  argument_ = argument;
  pending_.store(static_cast<uint32_t>(parts - 1));
  for (int i = 0; i < parts - 1; i++) {
    std::atomic<uint32_t> &state = workers_[i].state;
    if (state.exchange(Worker::kJob) == Worker::kAsleep) futex_wake(state);
  }
  body(argument, 0);
  if (!spin([this] { return pending_.load(std::memory_order_acquire) == 0; })) {
    caller_sleeps_.store(1);
    for (uint32_t left = pending_.load(); left != 0; left = pending_.load()) futex_wait(pending_, left);
    caller_sleeps_.store(0);
  }
  return true;
}

}  // namespace s24::cpu
