// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/task/Task.h"

#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle::task;

#include "dialects/task/TaskDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/task/TaskTypes.cpp.inc"

#include "dialects/task/TaskInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/task/TaskOps.cpp.inc"

bool ViewOp::isWhole() {
  return getOffset() == "0" && heddle::countElements(heddle::dimsOf(getSource())) ==
                                   heddle::countElements(heddle::dimsOf(getResult()));
}

SmallVector<GraphOp> heddle::task::graphsOf(ModuleOp module, ControlOp control) {
  return llvm::map_to_vector(control.getGraphs().getAsRange<FlatSymbolRefAttr>(), [&](auto name) {
    return module.lookupSymbol<GraphOp>(name.getValue());
  });
}

void TaskDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/task/TaskTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/task/TaskOps.cpp.inc"
      >();
}
