// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds everything in a model that is not supported before any of it is built, so that the user
// learns all of it at once.

#ifndef HEDDLE_FRONTENDS_ONNX_REFUSALS_H
#define HEDDLE_FRONTENDS_ONNX_REFUSALS_H

#include "frontends/onnx/FunctionTable.h"
#include "frontends/onnx/ImportOnnx.h"

namespace heddle {

/// Why no node of this operator is supported, whatever its operands, in a model of the opset; empty
/// where some are.
std::string operatorRefusal(llvm::StringRef domain, llvm::StringRef op, int64_t opset);

/// Unimplemented with a list of the operators that are not supported: each with its domain and
/// version, the first node that has it, how many more have it, and what is missing.
absl::Status checkOperators(const onnx_model::ModelProto &model, const FunctionTable &functions,
                            const ImportOptions &options);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_REFUSALS_H
