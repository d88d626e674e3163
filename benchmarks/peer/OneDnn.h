// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same products by oneDNN, on one thread, where the build found it.

#ifndef HEDDLE_BENCHMARKS_PEER_ONEDNN_H
#define HEDDLE_BENCHMARKS_PEER_ONEDNN_H

#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/Turns.h"

namespace heddle {

/// C[m, n] = A[m, k] * B[k, n] by each of oneDNN's ways to compute it in f32: `sgemm`, which is
/// given B as it is, and the matmul primitive with B reordered ahead as the primitive likes it.
/// Empty without oneDNN. The closures own their memory.
std::vector<Side> oneDnnProducts(int64_t m, int64_t n, int64_t k);

/// "2.6.3", or empty without oneDNN.
std::string oneDnnVersion();

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_PEER_ONEDNN_H
