// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the program verifier that looks at one graph (program_verifier.h states the
// contract).

#ifndef HEDDLE_RUNTIME_ARTIFACT_GRAPH_VERIFIER_H_
#define HEDDLE_RUNTIME_ARTIFACT_GRAPH_VERIFIER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "runtime/artifact/program.h"

namespace heddle {

absl::Status VerifyGraph(const DecodedProgram& program, uint32_t index, uint64_t weights_size);

// Checks that the operands and results of a kBranch, kLoop or kScan task agree with its sub-graphs.
absl::Status VerifySubgraphs(const DecodedProgram& program, uint32_t graph_index,
                             const ProgramTask& task);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_GRAPH_VERIFIER_H_
