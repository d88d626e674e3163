// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of constants, and where they lie among the weights. Equal attributes share bytes.

#ifndef HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
#define HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H

#include "compiler/program/ProgramWriter.h"

namespace heddle {

class WeightLayout {
public:
  explicit WeightLayout(WrittenProgram &program) : program(program) {}

  /// The offset of a constant; fails with a diagnostic for one without bytes.
  mlir::FailureOr<uint64_t> place(task::ConstantOp constant);

private:
  WrittenProgram &program;
  llvm::DenseMap<mlir::Attribute, uint64_t> offsets;
  uint64_t size = 0;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_WEIGHTLAYOUT_H
