// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes, by phase. One file each.

#ifndef HEDDLE_COMPILER_PASSES
#define HEDDLE_COMPILER_PASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Source level to parallel level
//===----------------------------------------------------------------------===//

def FormClusters : Pass<"heddle-form-clusters", "::mlir::func::FuncOp"> {
  let summary = "group source operations that one kernel computes";
  let description = [{
    Compiled operations become `heddle.cluster`s: elementwise chains are fused, into
    the reductions over rows they surround and into the contraction whose result they
    use. Operations of the runtime library, views and control flow stay as they are.

    ```mlir
    %1 = "onnx.MatMul"(%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
    %2 = "onnx.Relu"(%1) : (tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %2 = heddle.cluster (%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32> {
    ^bb0(%0: tensor<4x8xf32>, %1: tensor<8x2xf32>):
      %3 = "onnx.MatMul"(%0, %1) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
      %4 = "onnx.Relu"(%3) : (tensor<4x2xf32>) -> tensor<4x2xf32>
      heddle.yield %4 : tensor<4x2xf32>
    }
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

#endif // HEDDLE_COMPILER_PASSES
