// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that are emitted at once, not by way of a structured form.

#include "compiler/kernels/ClusterKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace heddle {

std::string ClusterKernels::emittedKernel(StringRef key, StringRef base,
                                          llvm::function_ref<void(StringRef)> emit) {
  std::string &name = emitted[key];
  if (name.empty()) {
    name = (base + "_" + Twine(nameCounts[base]++)).str();
    emit(name);
    order.push_back(name);
  }
  return name;
}

std::string ClusterKernels::sizesKernel(unsigned count, unsigned bits) {
  std::string name = "sizes_" + std::to_string(count) + "_i" + std::to_string(bits);
  if (nameCounts[name]++)
    return name;
  ImplicitLocOpBuilder b(module.getLoc(), OpBuilder::atBlockEnd(module.getBody()));
  Type element = b.getIntegerType(bits);
  SmallVector<Type> types{MemRefType::get({ShapedType::kDynamic}, element)};
  types.append(count + 2, b.getIndexType());
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  auto function = func::FuncOp::create(b, name, b.getFunctionType(types, b.getI32Type()));
  b.setInsertionPointToStart(function.addEntryBlock());
  for (unsigned i = 0; i < count; ++i) {
    Value size = arith::IndexCastOp::create(b, element, function.getArgument(1 + i));
    memref::StoreOp::create(b, size, function.getArgument(0),
                            ValueRange{arith::ConstantIndexOp::create(b, i)});
  }
  Value good = arith::ConstantIntOp::create(b, 0, 32);
  func::ReturnOp::create(b, good);
  order.push_back(name);
  return name;
}

} // namespace heddle
