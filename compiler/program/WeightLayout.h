// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of constants, and where they lie among the weights. Equal constants share bytes.

#ifndef HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
#define HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H

#include "compiler/program/ProgramWriter.h"

#include <unordered_map>

namespace heddle {

class WeightLayout {
public:
  explicit WeightLayout(WrittenProgram &program) : program(program) {}

  /// The offset of a constant; fails with a diagnostic for one without bytes.
  mlir::FailureOr<uint64_t> place(task::ConstantOp constant);

private:
  WrittenProgram &program;
  llvm::DenseMap<mlir::Attribute, uint64_t> offsets;
  /// Offsets and places in the program's list of the weights with a hash.
  std::unordered_map<uint64_t, std::vector<std::pair<uint64_t, size_t>>> byHash;
  uint64_t size = 0;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
