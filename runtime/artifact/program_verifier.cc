// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/program_verifier.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/graph_verifier.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

// How often the frames of each graph exist at once, and how deep they nest. Graphs refer to later
// ones only, so one pass from the back is enough.
absl::Status CheckNesting(const DecodedProgram& program) {
  std::vector<int64_t> frames(program.graphs.size(), 1);
  std::vector<int> depth(program.graphs.size(), 1);
  for (size_t i = program.graphs.size(); i-- > 0;) {
    for (const ProgramTask& task : program.graphs[i].tasks) {
      for (uint32_t graph : task.graphs) {
        frames[i] = std::min(frames[i] + frames[graph], kMaxFrames + 1);
        depth[i] = std::max(depth[i], depth[graph] + 1);
      }
    }
    if (depth[i] > kMaxNesting) return absl::DataLossError("damaged program: nests too deep");
    if (frames[i] > kMaxFrames) {
      return absl::DataLossError("damaged program: sub-graphs unfold to too many");
    }
  }
  return absl::OkStatus();
}

// Nothing runs by them, but tools evaluate their expressions.
absl::Status CheckConstructs(const DecodedProgram& program) {
  size_t count = program.graphs[0].exprs.size();
  auto good = [&](uint32_t expr) { return expr == kNoExpression || expr < count; };
  for (const ProgramConstruct& construct : program.constructs) {
    if (!good(construct.work) || !good(construct.span) ||
        construct.equivalence > program::Equivalence::MAX) {
      return absl::DataLossError("damaged program: malformed construct");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyProgram(const DecodedProgram& program, uint64_t weights_size) {
  if (program.graphs.empty()) return absl::DataLossError("damaged program: no graphs");
  for (uint32_t i = 0; i < program.graphs.size(); ++i) {
    absl::Status status = VerifyGraph(program, i, weights_size);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("damaged program: graph ", i, ": ", status.message()));
    }
  }
  HEDDLE_RETURN_IF_ERROR(CheckNesting(program));
  return CheckConstructs(program);
}

}  // namespace heddle
