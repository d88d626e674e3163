// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads for work that computes or blocks, so that the loop does not. They are made when work
// comes and none is idle.
//
//   threads.Run([] { return Compute(); }, [](ToolOutcome outcome) { ... on the loop ... });
//
// Thread-safety: on the loop's thread; the work runs on others. Ownership: destroying this waits for
// work that has begun, and drops the rest.

#ifndef HEDDLE_RUNTIME_TOOLS_WORKER_THREADS_H_
#define HEDDLE_RUNTIME_TOOLS_WORKER_THREADS_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool.h"

namespace heddle {

class WorkerThreads {
 public:
  explicit WorkerThreads(EventLoop& loop, int max_threads = 64)
      : poster_(loop.poster()), max_threads_(max_threads) {}
  ~WorkerThreads();

  // `work` must not throw; FunctionTool's does not. Destroying the call drops work that has not
  // begun; of work that has, nobody hears any more.
  std::unique_ptr<ToolCall> Run(std::function<ToolOutcome()> work, Tool::Done done);

 private:
  struct Job;
  class Call;
  void Work();

  const EventLoop::Poster poster_;
  const int max_threads_;
  std::mutex mutex_;
  std::condition_variable work_came_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::thread> threads_;
  int idle_ = 0;
  bool stopping_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_WORKER_THREADS_H_
