// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of constants, and where they lie among the weights. Equal constants share bytes, also
// those of programs for different target CPUs: a layout may serve several.
//
//   WeightLayout weights;
//   FailureOr<uint64_t> offset = weights.place(constant);
//   for (ArrayRef<char> weight : weights.list()) writer.AddWeight(...);
//
// Weights refer to attributes of the constants' modules, which must outlive the layout.

#ifndef HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
#define HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H

#include "dialects/task/Task.h"

#include <unordered_map>
#include <vector>

namespace heddle {

class WeightLayout {
public:
  /// The offset of a constant; fails with a diagnostic for one without bytes.
  mlir::FailureOr<uint64_t> place(task::ConstantOp constant);

  /// In the order of their offsets.
  llvm::ArrayRef<llvm::ArrayRef<char>> list() const { return weights; }
  /// Up to the end of the last one.
  uint64_t bytes() const { return end; }

private:
  std::vector<std::vector<char>> owned; // splats and the like, expanded
  std::vector<llvm::ArrayRef<char>> weights;
  llvm::DenseMap<mlir::Attribute, uint64_t> offsets;
  /// Offsets and places in the program's list of the weights with a hash.
  std::unordered_map<uint64_t, std::vector<std::pair<uint64_t, size_t>>> byHash;
  uint64_t end = 0;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
