// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a program are versions of one cache: what an input or a loop's carried value becomes
// by concatenation, through branches and loops.
//
//   CacheVersions versions(argument);
//   if (versions.find() && versions.whyFixed().empty())
//     ... versions.appends, versions.reads ...

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_CACHEVERSIONS_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_CACHEVERSIONS_H

#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"

#include <string>

namespace heddle {

class CacheVersions {
public:
  /// Of an input of the function, or of what a loop carries.
  explicit CacheVersions(mlir::BlockArgument first) : first(first) {}

  /// Whether something is appended to the argument and goes back to where it came from: around the
  /// loop, or out of the function.
  bool find();
  /// Whether entries lie one after the other as they are: nothing moves, whoever reads them.
  bool isFlat() const { return llvm::is_sorted(order); }
  /// Why the axes of the versions cannot be moved; "" where they can.
  std::string whyFixed() const;

  mlir::BlockArgument first;
  /// Time first, the others as they were. Where all before time have one element, as they were.
  llvm::SmallVector<int64_t> order;
  int64_t time = 0;
  llvm::SetVector<mlir::Value> all;
  llvm::SmallVector<onnx::ConcatOp> appends;
  llvm::SmallVector<mlir::OpOperand *> reads;   // by attention, as keys or values
  llvm::SmallVector<mlir::OpOperand *> returns; // of the function
  // Other values that become versions: of a loop's start.
  llvm::SmallVector<mlir::OpOperand *> entries;
  llvm::SmallVector<mlir::OpOperand *> others; // any other use

private:
  void add(mlir::Value value) { all.insert(value); }
  void addUse(mlir::OpOperand &use);
  bool addAppend(mlir::OpOperand &use);

  llvm::SmallVector<mlir::OpOperand *> ways; // operands whose values flow to a version
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_CACHEVERSIONS_H
