// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways to compute a scan.
//
//   recurrent   step after step: the bits of the sequential program, and a span of L steps
//   chunk       the totals of P chunks, side by side; where each chunk starts, one after the other;
//               each chunk again from its start: a span of 2 L/P + P steps
//   tree        the same where the starts of chunks are found by chunks of chunks, and so on: all
//               chunks are short, and the span is a multiple of log2(L) steps
//
// Where the steps are element-wise, independent points go to lanes and cores first, in all forms.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H

#include "compiler/parallel/Work.h"
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
  /// Points of the states.
  DimExpr points;
  /// Of a step, and of a combination of two elements.
  Work step, combine;
  /// Whether kernels compute the regions as they are, else why not.
  bool elementwise = false;
  std::string reason;
};

/// One level of a cut: chunks of a sequence, the totals of which are the sequence of the next one.
struct ScanLevel {
  DimExpr chunk, chunks;
};
using ScanCut = llvm::SmallVector<ScanLevel>;

/// The form that is expected to be the fastest.
ScanForm chooseForm(const ScanShape &shape, int64_t cores);
/// The levels of a form, none for the recurrent one.
ScanCut cutFor(const ScanShape &shape, ScanForm form, int64_t cores);
/// The cut where the steps of all chunks are taken at once, by a loop: none where the sequence is too
/// short for that or its length is not known.
ScanCut cutForLoops(const ScanShape &shape);
/// The form of steps that are no kernels that is expected to be the fastest.
ScanForm chooseFormForLoops(const ScanShape &shape);
Work workOf(const ScanShape &shape, const ScanCut &cut);
/// Of the tree of pairs, where the length is known.
Work workOfPairs(const ScanShape &shape);
/// Into how many parts independent lanes are split at least.
int64_t partsFor(const ScanShape &shape, int64_t cores);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_SCANFORMS_H
