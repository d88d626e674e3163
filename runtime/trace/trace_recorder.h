// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records when which worker ran which task, and writes it in the JSON form that Chrome's and
// Perfetto's trace viewers read. Each worker appends to a list of its own.
//
// Thread-safety: Record for different workers at once; the rest between runs.

#ifndef HEDDLE_RUNTIME_TRACE_TRACE_RECORDER_H_
#define HEDDLE_RUNTIME_TRACE_TRACE_RECORDER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/artifact/program.h"

namespace heddle {

class TraceRecorder {
 public:
  struct Event {
    const ProgramTask* task;
    uint32_t graph;
    uint32_t index;  // of the task in its graph
    int32_t chunk;   // -1: the whole task
    int64_t begin_ns;
    int64_t end_ns;
  };

  // `workers`: highest worker index plus one.
  explicit TraceRecorder(size_t workers)
      : events_(workers), start_(std::chrono::steady_clock::now()) {}

  int64_t Now() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() -
                                                                start_)
        .count();
  }
  void Record(int worker, const Event& event) { events_[worker].push_back(event); }
  void Clear();
  // A run says at its start what it is given.
  void NoteInput(std::string_view name, absl::Span<const int64_t> dims) {
    inputs_.emplace_back(name, std::vector<int64_t>(dims.begin(), dims.end()));
  }
  const std::vector<std::vector<Event>>& events() const { return events_; }

  std::string ToJson() const;
  absl::Status WriteFile(const std::string& path) const;

 private:
  std::vector<std::vector<Event>> events_;  // by worker
  std::vector<std::pair<std::string, std::vector<int64_t>>> inputs_;
  const std::chrono::steady_clock::time_point start_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TRACE_TRACE_RECORDER_H_
