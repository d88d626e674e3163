// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_ONNX_SHAPEINTERFACE
#define HEDDLE_DIALECTS_ONNX_SHAPEINTERFACE

include "mlir/IR/OpBase.td"

def Onnx_ShapeInference : OpInterface<"ShapeInference"> {
  let cppNamespace = "::heddle::onnx";
  let description = [{
    What an operator's results are, given what is known of its operands: element
    types, dimensions, and the contents of small tensors. Attached to operations
    as external models by `registerShapeModels`; see shapes/ShapeRules.h for how
    to write one.
  }];
  let methods = [
    InterfaceMethod<[{
      Sets the facts of every result in the context. Errors are emitted at the
      operation and name what was expected and what was found.
    }], "::llvm::LogicalResult", "inferFacts", (ins "::heddle::onnx::ShapeContext &":$context)>
  ];
}

#endif // HEDDLE_DIALECTS_ONNX_SHAPEINTERFACE
