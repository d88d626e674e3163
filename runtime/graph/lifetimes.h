// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which arena values of a graph may share bytes: one has to be dead before the other is made, under
// every order of tasks that the graph's edges allow. Derived from the edges when a graph is loaded:
// pairs would be as many as the square of the values.
//
//   Lifetimes lifetimes(graph);
//   lifetimes.DeadBefore(a, b);  // all that touches block a ends before anything makes block b
//
// Memory and time are those of a bit for each value and task.
//
// Thread-safety: immutable.

#ifndef HEDDLE_RUNTIME_GRAPH_LIFETIMES_H_
#define HEDDLE_RUNTIME_GRAPH_LIFETIMES_H_

#include <cstdint>
#include <vector>

#include "runtime/artifact/program.h"

namespace heddle {

class Lifetimes {
 public:
  explicit Lifetimes(const ProgramGraph& graph);

  // The values in the arena, in the order in which tasks first write them; blocks are indices into
  // this.
  const std::vector<uint32_t>& blocks() const { return blocks_; }
  bool DeadBefore(uint32_t first, uint32_t second) const;
  // Only the one that is made first can be dead before the other.
  bool MayShare(uint32_t a, uint32_t b) const {
    return a < b ? DeadBefore(a, b) : DeadBefore(b, a);
  }

 private:
  std::vector<uint32_t> blocks_;
  size_t words_;                         // of a set of tasks
  std::vector<uint64_t> after_;          // by block: the tasks after all that touches it
  std::vector<uint32_t> writers_begin_;  // by block, and the end
  std::vector<uint32_t> writers_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_GRAPH_LIFETIMES_H_
