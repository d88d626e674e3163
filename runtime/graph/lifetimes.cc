// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/graph/lifetimes.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/types/span.h"
#include "runtime/artifact/reachability.h"

namespace heddle {

using program::Storage;

namespace {

// Tasks by what they access, in their order.
class TasksByValue {
 public:
  TasksByValue(size_t values, absl::Span<const std::pair<uint32_t, uint32_t>> accesses)
      : begin_(values + 1), tasks_(accesses.size()) {
    for (auto [value, task] : accesses) ++begin_[value + 1];
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    std::vector<uint32_t> next = begin_;
    for (auto [value, task] : accesses) tasks_[next[value]++] = task;
  }
  absl::Span<const uint32_t> operator[](uint32_t value) const {
    return absl::MakeConstSpan(tasks_).subspan(begin_[value], begin_[value + 1] - begin_[value]);
  }

 private:
  std::vector<uint32_t> begin_, tasks_;
};

}  // namespace

Lifetimes::Lifetimes(const ProgramGraph& graph) {
  size_t count = graph.values.size();
  std::vector<uint32_t> root(count);
  for (uint32_t v = 0; v < count; ++v) {
    const ProgramValue& value = graph.values[v];
    root[v] = value.storage == Storage::kView ? root[value.view_of] : v;
  }
  std::vector<bool> is_block(count), lives_on(count);
  std::vector<std::pair<uint32_t, uint32_t>> reads, writes;
  for (uint32_t task = 0; task < graph.tasks.size(); ++task) {
    for (uint32_t operand : graph.tasks[task].operands) reads.emplace_back(root[operand], task);
    for (uint32_t result : graph.tasks[task].results) {
      uint32_t value = root[result];
      writes.emplace_back(value, task);
      if (is_block[value] || graph.values[value].storage != Storage::kArena) continue;
      is_block[value] = true;
      blocks_.push_back(value);
    }
  }
  for (uint32_t output : graph.outputs) lives_on[root[output]] = true;

  Reachability order(graph);
  words_ = order.words();
  TasksByValue readers(count, reads), writers(count, writes);
  after_.resize(blocks_.size() * words_);
  writers_begin_.push_back(0);
  for (size_t block = 0; block < blocks_.size(); ++block) {
    absl::Span<const uint32_t> own = writers[blocks_[block]];
    writers_.insert(writers_.end(), own.begin(), own.end());
    writers_begin_.push_back(static_cast<uint32_t>(writers_.size()));
    if (lives_on[blocks_[block]]) continue;
    uint64_t* after = after_.data() + block * words_;
    std::fill(after, after + words_, ~uint64_t{0});
    for (absl::Span<const uint32_t> tasks : {own, readers[blocks_[block]]}) {
      for (uint32_t task : tasks) {
        const uint64_t* theirs = order.After(task);
        for (size_t word = 0; word < words_; ++word) after[word] &= theirs[word];
      }
    }
  }
}

bool Lifetimes::DeadBefore(uint32_t first, uint32_t second) const {
  const uint64_t* after = after_.data() + first * words_;
  return std::all_of(writers_.begin() + writers_begin_[second],
                     writers_.begin() + writers_begin_[second + 1],
                     [after](uint32_t task) { return (after[task / 64] >> (task % 64) & 1) != 0; });
}

}  // namespace heddle
