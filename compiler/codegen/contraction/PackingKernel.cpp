// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/contraction/PackingKernel.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

void emitPackingKernel(
    Packing &packing, func::FuncOp structured, const llvm::Twine &name, Type stored,
    const Target &target,
    llvm::function_ref<void(Emitter &, KernelFrame &, ArrayRef<Value> sizes)> emit) {
  SmallVector<std::string> symbols;
  for (size_t i = 0; i < packing.sizes.size(); ++i)
    symbols.push_back("size" + std::to_string(i));
  KernelFrame frame(structured, name.str(), ArrayRef<Type>{stored, packing.elementType}, symbols);
  Emitter e(frame.b, frame.b.getLoc(), target);
  SmallVector<Value> sizes;
  for (const std::string &symbol : symbols)
    sizes.push_back(frame.index(DimExpr::symbol(symbol)));
  emit(e, frame, sizes);
  frame.finish();
  packing.kernel.function = frame.function;
  packing.kernel.pointElements = packing.elements.floorDiv(packing.kernel.grid);
}

} // namespace heddle
