// Worker threads of a context and its siblings, and parallel_for over them.
#ifndef SPARSE24_CPU_THREAD_POOL_HPP
#define SPARSE24_CPU_THREAD_POOL_HPP

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

namespace s24::cpu {

// CPUs this process may use: the affinity mask and the control group's quota, whichever is less.
int available_cpus();

class ThreadPool {
 public:
  using Body = void (*)(const void *argument, int part);

  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const noexcept { return threads_; }

  // Runs body(argument, part) for every part below `parts` (at most threads()), part 0 on the calling thread. Returns
  // false, having run nothing, while another context's job occupies the workers. The first call starts the workers.
  bool try_run(int parts, Body body, const void *argument);

 private:
  struct Worker;

  void start_workers();
  void work(Worker &worker);

  const int threads_;
  std::mutex job_mutex_;  // held for the length of a job
  bool started_ = false;
  std::unique_ptr<Worker[]> workers_;
  Body body_ = nullptr;
  const void *argument_ = nullptr;
  alignas(64) std::atomic<uint32_t> pending_{0};
  std::atomic<uint32_t> caller_sleeps_{0};
};

// What an operation may use: a pool and how many of its threads.
struct Threads {
  ThreadPool *pool;
  int count;
};

// Calls f(begin, end, part) over contiguous ranges that cover [0, units), each at least `grain` units long, part below
// threads.count. The split depends on the arguments alone; where the workers are busy one range on this thread does it
// all, so a result must not depend on where ranges end. f must not throw.
template <class F>
void parallel_for(const Threads &threads, int64_t units, int64_t grain, const F &f) {
  if (units <= 0) return;
  struct Job {
    const F *f;
    int64_t units;
    int parts;
  };
  int64_t parts = units / (grain < 1 ? 1 : grain);
  if (parts > threads.count) parts = threads.count;
  const Job job{&f, units, static_cast<int>(parts)};
  const ThreadPool::Body body = [](const void *argument, int part) {
    const Job &j = *static_cast<const Job *>(argument);
    const int64_t begin = j.units / j.parts * part + j.units % j.parts * part / j.parts;
    const int64_t next = part + 1;
    const int64_t end = j.units / j.parts * next + j.units % j.parts * next / j.parts;
    (*j.f)(begin, end, part);
  };
  if (parts <= 1 || !threads.pool->try_run(static_cast<int>(parts), body, &job)) f(int64_t{0}, units, 0);
}

}  // namespace s24::cpu

#endif  // SPARSE24_CPU_THREAD_POOL_HPP
