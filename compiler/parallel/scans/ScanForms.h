// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways to compute a scan.
//
//   recurrent   step after step: the bits of the sequential program, and a span of L steps
//   chunk       the totals of P chunks, side by side; where each chunk starts, one after the other;
//               each chunk again from its start: a span of 2 L/P + P steps
//   tree        the same with short chunks, whose starts are found in levels of pairs: a span of
//               some log2(L) steps
//
// Where the steps are element-wise, independent points go to lanes and cores first, in all forms.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include <string>

namespace heddle {

enum class ScanForm { Recurrent, Chunk, Tree };

llvm::StringRef nameOf(ScanForm form);
std::optional<ScanForm> scanFormOf(llvm::StringRef name);

/// What is to be known of a scan to choose its form.
struct ScanShape {
  explicit ScanShape(ScanOp scan);

  ScanOp scan;
  DimExpr length;
  /// Points of the states; scalar operations of a step and of a combination of two elements, for all
  /// points.
  DimExpr points, stepWork, combineWork;
  /// Operations of a step, and of a combination, that wait for each other.
  int64_t stepSpan = 0, combineSpan = 0;
  /// Whether kernels compute the regions as they are, else why not.
  bool elementwise = false;
  std::string reason;
};

/// How the sequence is cut, in the forms that cut it.
struct ScanCut {
  DimExpr chunk, chunks;
};

/// The form that is expected to be the fastest.
ScanForm chooseForm(const ScanShape &shape, int64_t cores);
/// The cut for a form; one chunk where it does not cut.
ScanCut cutFor(const ScanShape &shape, ScanForm form, int64_t cores);
/// Into how many parts independent lanes are split at least.
int64_t partsFor(const ScanShape &shape, int64_t cores);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H
