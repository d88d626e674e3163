// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/Parameters.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace heddle {

static SmallVector<bool> givenOf(Operation &op, StringRef segments, unsigned count) {
  SmallVector<bool> given;
  if (auto sizes = op.getAttrOfType<DenseI32ArrayAttr>(segments)) {
    for (int32_t size : sizes.asArrayRef())
      given.append(std::max(size, 1), size != 0);
  } else {
    given.assign(count, true);
  }
  return given;
}

SmallVector<bool> presentOperands(Operation &op) {
  return givenOf(op, "operandSegmentSizes", op.getNumOperands());
}

SmallVector<bool> wantedResults(Operation &op) {
  return givenOf(op, "resultSegmentSizes", op.getNumResults());
}

DictionaryAttr parametersOf(Operation &op) {
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : op.getAttrs())
    if (attribute.getName() != "operandSegmentSizes" && attribute.getName() != "resultSegmentSizes")
      attributes.push_back(attribute);
  return DictionaryAttr::get(op.getContext(), attributes);
}

} // namespace heddle
