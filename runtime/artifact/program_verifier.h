// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contract between whoever wrote a graph program and everything that runs it. After a
// successful verification, and without it nothing may be assumed:
//
// - there is at least one graph, and every index (expression, symbol, value, kernel, graph) is
//   in range; expressions refer to earlier ones; the sequential order of the tasks is legal:
//   successors come later, `predecessors` counts them, and what a task reads was written by an
//   earlier one;
// - every value has one origin: an input is listed as one, a constant lies within the weights, an
//   arena or late value is written by exactly one task (or through views of it), a view refers to
//   an earlier value; arena values have dimensions known when a run starts;
// - element types are known; strings are not tensors of this runtime and are refused by name;
// - sub-graphs come after the graphs that use them, nest at most kMaxNesting deep, unfold to at
//   most kMaxFrames, and agree with their tasks in number and type of operands and results;
// - the expressions of constructs are those of the main graph.
//
// Not checked: that every symbol gets a number (using one without ends the run), that the edges
// between tasks order those that share memory (memory_order.h, when a program is written), and what
// the code does with the pointers it gets.

#ifndef HEDDLE_RUNTIME_ARTIFACT_PROGRAM_VERIFIER_H_
#define HEDDLE_RUNTIME_ARTIFACT_PROGRAM_VERIFIER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "runtime/artifact/program.h"

namespace heddle {

inline constexpr int kMaxNesting = 64;
inline constexpr int64_t kMaxFrames = 1 << 16;
inline constexpr int kMaxRank = 32;
inline constexpr size_t kMaxTasks = 1 << 24;

absl::Status VerifyProgram(const DecodedProgram& program, uint64_t weights_size);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_PROGRAM_VERIFIER_H_
