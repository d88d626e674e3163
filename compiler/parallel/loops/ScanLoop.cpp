// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/ScanLoop.h"

using namespace mlir;

namespace heddle {

bool ScanLoop::isNormal() const {
  auto zeros = [](std::optional<ArrayRef<int64_t>> numbers) {
    return !numbers || llvm::all_of(*numbers, [](int64_t number) { return number == 0; });
  };
  onnx::ScanOp scan = op;
  return zeros(scan.getScanInputAxes()) && zeros(scan.getScanOutputAxes()) &&
         zeros(scan.getScanInputDirections()) && zeros(scan.getScanOutputDirections()) &&
         hasOneLength();
}

bool ScanLoop::hasOneLength() const {
  auto inputs = op->getOperands().drop_front(states);
  return llvm::all_of(
      inputs, [&](Value input) { return dimsOf(input).front() == dimsOf(inputs.front()).front(); });
}

std::optional<unsigned> ScanLoop::stateOf(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &body() || argument.getArgNumber() >= states)
    return std::nullopt;
  return argument.getArgNumber();
}

onnx::ScanOp createScan(OpBuilder &b, Location loc, TypeRange results, ValueRange operands,
                        size_t inputs) {
  return onnx::ScanOp::create(b, loc, results, operands, inputs, nullptr, nullptr, nullptr,
                              nullptr);
}

/// The runtime reads it (kScan in program.fbs).
static constexpr llvm::StringLiteral kGrain = "heddle.grain";

void setGrain(onnx::ScanOp scan, int64_t iterations) {
  scan->setAttr(kGrain, Builder(scan.getContext()).getI64IntegerAttr(iterations));
}

bool isSideBySide(Operation *op) { return op->hasAttr(kGrain); }

onnx::ScanOp buildScan(OpBuilder &b, Location loc, ValueRange initial, ValueRange inputs,
                       function_ref<ScanStep(OpBuilder &, ValueRange, ValueRange)> build) {
  Region body;
  Block *block = &body.emplaceBlock();
  for (Value state : initial)
    block->addArgument(state.getType(), loc);
  for (Value input : inputs)
    block->addArgument(tensorWithDims(ArrayRef(dimsOf(input)).drop_front(), elementOf(input)), loc);
  ScanStep step;
  {
    OpBuilder inside(b.getContext());
    inside.setInsertionPointToEnd(block);
    ValueRange arguments(block->getArguments());
    step =
        build(inside, arguments.take_front(initial.size()), arguments.drop_front(initial.size()));
    SmallVector<Value> yielded(step.states);
    llvm::append_range(yielded, step.collected);
    onnx::YieldOp::create(inside, loc, yielded);
  }
  SmallVector<Type> types(initial.getTypes());
  DimExpr length = dimsOf(inputs.front()).front();
  for (Value value : step.collected) {
    Dims dims = dimsOf(value);
    dims.insert(dims.begin(), length);
    types.push_back(tensorWithDims(dims, elementOf(value)));
  }
  SmallVector<Value> operands(initial);
  llvm::append_range(operands, inputs);
  onnx::ScanOp scan = createScan(b, loc, types, operands, inputs.size());
  scan.getBody().takeBody(body);
  return scan;
}

} // namespace heddle
