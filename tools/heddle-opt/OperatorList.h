// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operator of the onnx dialect with what the compiler and the runtime do with it, as the
// tables that they go by say: the source of docs/operators.md.

#ifndef HEDDLE_TOOLS_HEDDLE_OPT_OPERATORLIST_H
#define HEDDLE_TOOLS_HEDDLE_OPT_OPERATORLIST_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

namespace heddle {

/// A line for each: domain, name, versions, ways it runs, and why it does not, separated by tabs.
void printOperatorList(mlir::MLIRContext &context, llvm::raw_ostream &os);

} // namespace heddle

#endif // HEDDLE_TOOLS_HEDDLE_OPT_OPERATORLIST_H
