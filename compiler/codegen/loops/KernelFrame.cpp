// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/KernelFrame.h"

#include "compiler/codegen/loops/LoopSchedule.h"
#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "runtime/artifact/kernel_abi.h"

using namespace mlir;

namespace heddle {

static SmallVector<std::string> symbolNames(func::FuncOp structured) {
  SmallVector<std::string> names;
  for (StringRef name :
       structured->getAttrOfType<ArrayAttr>("heddle.symbols").getAsValueRange<StringAttr>())
    names.push_back(name.str());
  return names;
}

KernelFrame::KernelFrame(func::FuncOp structured, StringRef name, Type resultElement)
    : b(structured.getLoc(), structured), structured(structured) {
  SmallVector<Type> elements;
  for (Type type : structured.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      elements.push_back(tensor.getElementType());
  elements.push_back(resultElement);
  create(name, elements, symbolNames(structured));
}

KernelFrame::KernelFrame(func::FuncOp structured, StringRef name, ArrayRef<Type> bufferElements)
    : KernelFrame(structured, name, bufferElements, symbolNames(structured)) {}

KernelFrame::KernelFrame(func::FuncOp structured, StringRef name, ArrayRef<Type> bufferElements,
                         ArrayRef<std::string> symbolNames)
    : b(structured.getLoc(), structured), structured(structured) {
  create(name, bufferElements, symbolNames);
}

void KernelFrame::create(StringRef name, ArrayRef<Type> bufferElements,
                         ArrayRef<std::string> names) {
  SmallVector<Type> types;
  for (Type element : bufferElements)
    types.push_back(MemRefType::get({ShapedType::kDynamic}, ElementEmitter::storageType(element)));
  types.append(names.size() + 2, b.getIndexType());
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  function = func::FuncOp::create(b, name, b.getFunctionType(types, b.getI32Type()));
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  ValueRange arguments = entry->getArguments();
  buffers = llvm::to_vector(arguments.take_front(bufferElements.size()));
  for (auto [symbol, value] :
       llvm::zip(names, arguments.slice(bufferElements.size(), names.size())))
    symbols[symbol] = value;
  begin = arguments[types.size() - 3];
  end = arguments[types.size() - 2];
  scratch = arguments[types.size() - 1];
  failure = memref::AllocaOp::create(b, MemRefType::get({}, b.getI32Type()));
  Value good = arith::ConstantIntOp::create(b, HEDDLE_KERNEL_OK, 32);
  memref::StoreOp::create(b, good, failure, ValueRange{});
}

Value KernelFrame::index(int64_t value) { return arith::ConstantIndexOp::create(b, value); }

void KernelFrame::bindOperands(ElementEmitter &elements) {
  unsigned buffer = 0;
  for (BlockArgument argument : structured.getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType()))
      elements.bindBuffer(argument, buffers[buffer++], getDims(type),
                          [&](const DimExpr &expr) { return index(expr); });
  ArrayRef<BlockArgument> arguments = structured.getArguments();
  for (auto [argument, symbol] : llvm::zip(arguments.drop_front(buffer), symbolNames(structured)))
    elements.bindUniform(argument, symbols.lookup(symbol));
}

void KernelFrame::requireIterationSpaces() {
  structured.walk([&](linalg::GenericOp generic) {
    Dims space = iterationSpace(generic);
    for (OpOperand &operand : generic->getOpOperands()) {
      Dims dims = getDims(cast<RankedTensorType>(operand.get().getType()));
      for (auto [dim, place] :
           llvm::zip(dims, generic.getMatchingIndexingMap(&operand).getResults()))
        if (auto loop = dyn_cast<AffineDimExpr>(place))
          requireEqual(dim, space[loop.getPosition()]);
    }
  });
}

Value KernelFrame::requirements() {
  requireIterationSpaces();
  IRMapping mapping;
  unsigned tensors = llvm::count_if(structured.getArgumentTypes(),
                                    [](Type type) { return isa<RankedTensorType>(type); });
  ArrayRef<BlockArgument> arguments = structured.getArguments();
  for (auto [argument, symbol] : llvm::zip(arguments.drop_front(tensors), symbolNames(structured)))
    mapping.map(argument, symbols.lookup(symbol));
  std::function<void(Operation *)> clone = [&](Operation *op) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        clone(operand.getDefiningOp());
    b.clone(*op, mapping);
  };
  Value all;
  auto conjoin = [&](Value condition) {
    all = all ? arith::AndIOp::create(b, all, condition) : condition;
  };
  auto equal = [&](Value lhs, Value rhs) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lhs, rhs);
  };
  for (const auto &[lhs, rhs] : equalities)
    conjoin(equal(index(lhs), index(rhs)));
  for (const auto &[operand, target] : broadcasts) {
    Value size = index(operand);
    conjoin(arith::OrIOp::create(b, equal(size, index(1)), equal(size, index(target))));
  }
  structured.walk([&](RequireOp require) {
    if (!mapping.contains(require.getCondition()))
      clone(require.getCondition().getDefiningOp());
    conjoin(mapping.lookup(require.getCondition()));
  });
  return all;
}

void KernelFrame::guarded(llvm::function_ref<void()> body) {
  if (Value condition = requirements()) {
    auto guard = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
    b.setInsertionPoint(guard.elseBlock()->getTerminator());
    Value mismatch = arith::ConstantIntOp::create(b, HEDDLE_KERNEL_SHAPE_MISMATCH, 32);
    memref::StoreOp::create(b, mismatch, failure, ValueRange{});
    b.setInsertionPoint(guard.thenBlock()->getTerminator());
    body();
  } else {
    body();
  }
  finish();
}

void KernelFrame::finish() {
  b.setInsertionPointToEnd(&function.getBody().front());
  Value status = memref::LoadOp::create(b, failure, ValueRange{});
  func::ReturnOp::create(b, status);
}

} // namespace heddle
