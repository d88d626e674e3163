// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the rows of attention are, and where its results go.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_ATTENTIONPLACES_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_ATTENTIONPLACES_H

#include "compiler/codegen/attention/Attention.h"
#include "compiler/codegen/loops/KernelFrame.h"
#include "llvm/ADT/StringSwitch.h"

namespace heddle {

/// As the dialect spells it.
inline codegen::UndefinedRows undefinedRows(llvm::StringRef name) {
  return llvm::StringSwitch<codegen::UndefinedRows>(name)
      .Case("zero", codegen::UndefinedRows::Zero)
      .Case("zero_nan", codegen::UndefinedRows::ZeroNan)
      .Default(codegen::UndefinedRows::Nan);
}

/// The coordinates of a position in dimensions of these sizes.
inline codegen::Values coordinatesOf(KernelFrame &frame, codegen::Emitter &e, mlir::Value position,
                                     llvm::ArrayRef<DimExpr> sizes) {
  codegen::Values coordinates(sizes.size());
  for (size_t axis = sizes.size(); axis-- > 0;) {
    mlir::Value size = frame.index(sizes[axis]);
    coordinates[axis] = axis == 0 ? position : e.rem(position, size);
    position = axis == 0 ? position : e.div(position, size);
  }
  return coordinates;
}

/// A place of logical axes in a tensor whose axis i is logical axis `order[i]`.
inline Place ordered(const Place &logical, llvm::ArrayRef<int64_t> order) {
  Place place;
  for (int64_t axis : order)
    place.push_back(logical[axis]);
  return place;
}

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_ATTENTIONPLACES_H
