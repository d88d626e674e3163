// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/LoopToScan.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/CollectedStates.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/loops/StepIndex.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle {
namespace {

Value throughIdentity(Value value) {
  while (auto identity = value.getDefiningOp<onnx::IdentityOp>())
    value = identity.getInput();
  return value;
}

/// A condition that is known to be true.
bool isTrue(Value value) {
  auto constant = throughIdentity(value).getDefiningOp<onnx::ConstantOp>();
  auto elements = constant ? dyn_cast_or_null<DenseIntElementsAttr>(constant.getValueAttr())
                           : DenseIntElementsAttr();
  return elements && elements.isSplat() && elements.getElementType().isInteger(1) &&
         elements.getSplatValue<bool>();
}

/// How often a loop runs that nothing but a number of iterations ends; nothing where the program has
/// no expression for it.
std::optional<DimExpr> tripCount(onnx::LoopOp loop) {
  size_t states = loop.getVInitial().size();
  if (auto known = knownIntegers(loop.getM()))
    return DimExpr::max(known->front(), 0);
  // What the loop collects is as long.
  if (loop->getNumResults() > states)
    return dimsOf(loop->getResult(states)).front();
  return std::nullopt;
}

class LoopToScan {
public:
  explicit LoopToScan(onnx::LoopOp loop)
      : loop(loop), body(loop.getBody().front()), m(loop), step(body.getArgument(0)),
        states(loop.getVInitial().size()) {}

  /// Why the loop stays, empty if it does not.
  std::string run();

private:
  std::string checkTripCount();
  void readInputs();
  Value numbers();
  unsigned addInput(Value operand, Type element);

  onnx::LoopOp loop;
  Block &body;
  Arithmetic m;
  Value step;
  unsigned states;
  std::optional<DimExpr> trips;
  SmallVector<Value> inputs; // stand after the states among the body's arguments
};

std::string LoopToScan::checkTripCount() {
  if (loop.getCond() && !isTrue(loop.getCond()))
    return "whether it runs at all depends on a condition that is not known";
  Value next = throughIdentity(body.getTerminator()->getOperand(0));
  if (next != body.getArgument(1) && !isTrue(next)) {
    Operation *op = next.getDefiningOp();
    return "it runs until a condition says otherwise" +
           (op ? ", which " + describeNode(op) + " computes" : std::string());
  }
  if (!loop.getM() || !isSingle(loop.getM()))
    return "it has neither a number of iterations nor a condition that ends it";
  return "";
}

/// 0, 1, 2, ... as many as there are iterations.
Value LoopToScan::numbers() {
  auto scalar = RankedTensorType::get({}, m.b.getI64Type());
  auto constant = [&](int64_t value) -> Value {
    auto op = onnx::ConstantOp::create(m.b, m.loc, TypeRange{scalar}, ValueRange{});
    op.setValueAttr(DenseElementsAttr::get(scalar, value));
    return op.getResult();
  };
  Type type = trips ? Type(tensorWithDims({*trips}, m.b.getI64Type()))
                    : Type(UnrankedTensorType::get(m.b.getI64Type()));
  Value limit = m.viewedAs(loop.getM(), {});
  return onnx::RangeOp::create(m.b, m.loc, type, constant(0), limit, constant(1));
}

unsigned LoopToScan::addInput(Value operand, Type element) {
  auto known = llvm::find(inputs, operand);
  unsigned index = known - inputs.begin();
  if (known == inputs.end()) {
    inputs.push_back(operand);
    body.addArgument(element, operand.getLoc());
  }
  return 2 + states + index;
}

/// Reads, at the step or so many after it, of tensors that are long enough.
void LoopToScan::readInputs() {
  if (!trips)
    return;
  llvm::MapVector<std::tuple<Value, int64_t, int64_t>, Value> moved;
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    std::optional<StepRead> read = readAtStep(&op, step);
    if (!read || !isInRange(read->offset, *trips, dimsOf(read->data)[read->axis]))
      continue;
    Dims row = dimsOf(read->data);
    DimExpr count = row[read->axis];
    row.erase(row.begin() + read->axis);
    Value &operand = moved[{read->data, read->axis, read->offset}];
    if (!operand) {
      operand = m.moved(read->data, read->axis, 0);
      if (count != *trips)
        operand = m.sliced(operand, 0, read->offset, *trips + read->offset, operand);
    }
    Value element = body.getArgument(addInput(operand, tensorWithDims(row, elementOf(read->data))));
    if (read->keepsAxis) {
      Arithmetic inside(&op);
      row.insert(row.begin() + read->axis, 1);
      element = onnx::UnsqueezeOp::create(inside.b, op.getLoc(),
                                          tensorWithDims(row, elementOf(read->data)), element,
                                          inside.integers({read->axis}));
    }
    op.getResult(0).replaceAllUsesWith(element);
    op.erase();
  }
}

std::string LoopToScan::run() {
  if (std::string reason = checkTripCount(); !reason.empty())
    return reason;
  trips = tripCount(loop);
  readInputs();
  SmallVector<CollectedState> collected;
  if (trips)
    collected = findCollectedStates(loop, *trips);
  for (CollectedState &state : collected) {
    body.getTerminator()->setOperand(1 + state.index, state.added); // which is not yielded there
    state.op->erase();
  }
  // What only computed where to read is no use of the number.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  if (!step.use_empty() || inputs.empty()) {
    Value range = numbers();
    unsigned index = addInput(range, step.getType());
    Value number = body.getArgument(index);
    if (step.getType() != number.getType())
      number.setType(step.getType());
    step.replaceAllUsesWith(number);
  }
  Operation *yield = body.getTerminator();
  if (!body.getArgument(1).use_empty()) {
    OpBuilder b = OpBuilder::atBlockBegin(&body);
    auto type = RankedTensorType::get({}, b.getI1Type());
    auto yes = onnx::ConstantOp::create(b, m.loc, TypeRange{type}, ValueRange{});
    yes.setValueAttr(DenseElementsAttr::get(type, true));
    body.getArgument(1).replaceAllUsesWith(yes.getResult());
  }
  SmallVector<Value> operands(loop.getVInitial()), yielded(llvm::drop_begin(yield->getOperands()));
  SmallVector<Type> types(loop->getResultTypes());
  BitVector dropped(body.getNumArguments());
  dropped.set(0, 2);
  SmallVector<unsigned> places; // of the results among those of the loop
  for (unsigned i = 0; i < types.size(); ++i)
    places.push_back(i);
  for (const CollectedState &state : llvm::reverse(collected)) {
    operands.erase(operands.begin() + state.index);
    yielded.erase(yielded.begin() + state.index);
    types.erase(types.begin() + state.index);
    places.erase(places.begin() + state.index);
    dropped.set(2 + state.index);
  }
  for (const CollectedState &state : collected) {
    yielded.push_back(state.added);
    Dims dims = dimsOf(state.added);
    dims.insert(dims.begin(), *trips);
    types.push_back(tensorWithDims(dims, elementOf(state.added)));
  }
  llvm::append_range(operands, inputs);
  yield->setOperands(yielded);
  body.eraseArguments(dropped);
  auto scan = createScan(m.b, loop.getLoc(), types, operands, inputs.size());
  scan->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  scan.getBody().takeBody(loop.getBody());
  for (auto [i, place] : llvm::enumerate(places))
    loop->getResult(place).replaceAllUsesWith(scan->getResult(i));
  for (auto [i, state] : llvm::enumerate(collected))
    loop->getResult(state.index)
        .replaceAllUsesWith(state.last(m, scan->getResult(places.size() + i), *trips));
  loop.erase();
  return "";
}

} // namespace

std::string loopToScan(onnx::LoopOp loop) { return LoopToScan(loop).run(); }

} // namespace heddle
