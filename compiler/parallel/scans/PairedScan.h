// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree form of a scan whose steps are not element-wise: pairs of pairs (PairTree.h), the combinations
// and steps of a level at once (Batching.h).

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_PAIREDSCAN_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_PAIREDSCAN_H

#include "dialects/heddle/Heddle.h"

#include <string>

namespace heddle {

/// Whether the regions have a form for many elements at once and the length is known; says why not.
llvm::LogicalResult hasTree(ScanOp scan, std::string &reason);
/// The values of the scan's results; `otherwise` builds those of the recurrent form.
llvm::SmallVector<mlir::Value>
buildTree(ScanOp scan,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)> otherwise);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_PAIREDSCAN_H
