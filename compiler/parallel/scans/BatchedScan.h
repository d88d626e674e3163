// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The chunk form of a scan whose steps are not element-wise: loops whose steps are those of all chunks
// at once (Batching.h), so that a product of a matrix and a state becomes one of many of each.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_BATCHEDSCAN_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_BATCHEDSCAN_H

#include "compiler/source/Arithmetic.h"

#include <string>

namespace heddle {

class BatchedScan {
public:
  /// In as many chunks of `chunk` steps as the length has; the rest follows step by step. The length
  /// is known and at least that of two chunks, of two steps or more.
  BatchedScan(ScanOp scan, int64_t chunk);
  ~BatchedScan();

  /// Fails, and says why, where an operation has no form for all chunks; nothing is built then.
  llvm::LogicalResult prepare(std::string &reason);
  /// The values of the scan's results; step by step where the totals of chunks are out of range.
  llvm::SmallVector<mlir::Value> build();

private:
  using Body = std::unique_ptr<mlir::Region>;
  Body batched(mlir::Region &step, std::string &reason);
  Body copied(mlir::Region &step);
  llvm::SmallVector<mlir::Value> loop(Body body, mlir::ValueRange states,
                                      mlir::ValueRange elements);
  llvm::SmallVector<mlir::Value> recurrent();
  llvm::SmallVector<mlir::Value> fromEnds(llvm::ArrayRef<mlir::Value> ends, mlir::ValueRange main,
                                          mlir::ValueRange rest);
  mlir::Value withoutAxis(mlir::Value row);

  ScanOp scan;
  int64_t length, chunk, chunks;
  Arithmetic a;
  Body combine, apply;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_BATCHEDSCAN_H
