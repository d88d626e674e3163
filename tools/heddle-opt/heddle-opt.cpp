// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs passes on files of MLIR; what the lit tests use. `heddle-opt --operators` lists the operators.

#include "compiler/Passes.h"
#include "compiler/plan/PlanPasses.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ShapeModels.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "tools/heddle-opt/OperatorList.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<heddle::HeddleDialect, heddle::onnx::OnnxDialect, heddle::task::TaskDialect,
                  mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::tensor::TensorDialect, mlir::vector::VectorDialect>();
  heddle::onnx::registerShapeModels(registry);
  if (argc == 2 && llvm::StringRef(argv[1]) == "--operators") {
    mlir::MLIRContext context(registry);
    context.loadAllAvailableDialects();
    heddle::printOperatorList(context, llvm::outs());
    return 0;
  }
  heddle::registerHeddlePasses();
  heddle::registerHeddlePlanPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Heddle's pass driver\n", registry));
}
