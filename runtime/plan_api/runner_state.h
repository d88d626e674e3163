// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a PlanRunner of heddle/plan.hpp is: a loop on a thread of its own, with tools.
//
// Thread-safety: Call and OnThread may be used from any thread; the rest on the loop's thread.
// Ownership: the runner's alone. What the loop still holds when a run has ended must not keep this
// alive: its last owner would be the loop's thread, which cannot wait for itself.

#ifndef HEDDLE_RUNTIME_PLAN_API_RUNNER_STATE_H_
#define HEDDLE_RUNTIME_PLAN_API_RUNNER_STATE_H_

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "frontends/plan/RegistryCatalog.h"
#include "heddle/plan.hpp"
#include "runtime/plan/critical_path.h"
#include "runtime/tools/tool_set.h"

namespace heddle::api {

struct PlanRunner::State {
  State();
  ~State();

  bool OnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // Runs `work` on the loop's thread and waits for what it returns.
  template <typename Work>
  auto Call(Work work) {
    if (OnThread()) return work();
    // Shared: who waits may be gone before set_value has returned.
    auto result = std::make_shared<std::promise<decltype(work())>>();
    auto returned = result->get_future();
    loop->Post([&work, result] { result->set_value(work()); });
    return returned.get();
  }

  // In the order of their needs: tools end before what they run on.
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<ToolSet> tools;
  std::unique_ptr<RegistryCatalog> catalog;
  ToolCosts costs;  // each run learns from those before it

 private:
  bool stopped_ = false;  // of the loop's thread
  std::thread thread_;
};

}  // namespace heddle::api

#endif  // HEDDLE_RUNTIME_PLAN_API_RUNNER_STATE_H_
