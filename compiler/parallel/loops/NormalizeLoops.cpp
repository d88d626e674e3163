// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that run a number of times that is known before the first iteration become onnx.Scan along
// axis 0, forward: one form for whatever looks at loops. What the body reads at its own step becomes
// an input, as does the number of the iteration where it is used otherwise; a state that only grows
// by what each step adds becomes an output.

#include "compiler/Passes.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/loops/LoopBody.h"
#include "compiler/parallel/loops/StepIndex.h"

#include <limits>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_NORMALIZELOOPSPASS
#include "compiler/Passes.h.inc"

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

/// The elements along axis 0, last to first.
Value reversed(Arithmetic &m, Value value) {
  constexpr int64_t before = std::numeric_limits<int64_t>::min();
  return onnx::SliceOp::create(m.b, m.loc, value.getType(), value, m.integers({-1}),
                               m.integers({before}), m.integers({0}), m.integers({-1}));
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
  void collectGrown();
  Value numbers();
  unsigned addInput(Value operand, Type element);

  onnx::LoopOp loop;
  Block &body;
  Arithmetic m;
  Value step;
  unsigned states;
  std::optional<DimExpr> trips;
  SmallVector<Value> inputs; // stand after the states among the body's arguments
  struct Grown {
    unsigned state;
    int64_t axis;
    Value init, added;
  };
  SmallVector<Grown> grown;
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

/// Reads at the step of tensors that are as long as the loop.
void LoopToScan::readInputs() {
  if (!trips)
    return;
  llvm::MapVector<std::pair<Value, int64_t>, Value> moved;
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    std::optional<StepRead> read = readAtStep(&op, step);
    if (!read || dimsOf(read->data)[read->axis] != *trips)
      continue;
    Dims row = dimsOf(read->data);
    row.erase(row.begin() + read->axis);
    Value &operand = moved[{read->data, read->axis}];
    if (!operand)
      operand = m.moved(read->data, read->axis, 0);
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

/// States that are used for nothing but to append to them: Concat(state, x), of a known size.
void LoopToScan::collectGrown() {
  Operation *yield = body.getTerminator();
  for (unsigned i = 0; trips && i < states; ++i) {
    Value state = body.getArgument(2 + i);
    auto concat = yield->getOperand(1 + i).getDefiningOp<onnx::ConcatOp>();
    if (!concat || !state.hasOneUse() || concat->getNumOperands() != 2 ||
        concat.getInputs()[0] != state || !concat->hasOneUse() ||
        concat->getBlock() != &body)
      continue;
    Value added = concat.getInputs()[1];
    int64_t rank = dimsOf(added).size(), axis = concat.getAxis();
    axis += axis < 0 ? rank : 0;
    // Its own rows must be as many in each step, and known outside.
    bool fits = llvm::all_of(dimsOf(added), [](const DimExpr &dim) { return dim.asConstant(); });
    for (auto [at, dim] : llvm::enumerate(dimsOf(loop.getVInitial()[i])))
      fits &= static_cast<int64_t>(at) == axis || dim == dimsOf(added)[at];
    if (fits)
      grown.push_back({i, axis, loop.getVInitial()[i], added});
  }
}

std::string LoopToScan::run() {
  if (std::string reason = checkTripCount(); !reason.empty())
    return reason;
  trips = tripCount(loop);
  readInputs();
  collectGrown();
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
  for (const Grown &state : llvm::reverse(grown)) {
    operands.erase(operands.begin() + state.state);
    yielded.erase(yielded.begin() + state.state);
    types.erase(types.begin() + state.state);
    places.erase(places.begin() + state.state);
    dropped.set(2 + state.state);
  }
  for (const Grown &state : grown) {
    yielded.push_back(state.added);
    Dims dims = dimsOf(state.added);
    dims.insert(dims.begin(), *trips);
    types.push_back(tensorWithDims(dims, elementOf(state.added)));
  }
  llvm::append_range(operands, inputs);
  yield->setOperands(yielded);
  for (const Grown &state : grown)
    if (Operation *concat = body.getArgument(2 + state.state).getUses().begin()->getOwner())
      concat->erase();
  body.eraseArguments(dropped);
  auto scan = createScan(m.b, loop.getLoc(), types, operands, inputs.size());
  scan->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  scan.getBody().takeBody(loop.getBody());
  for (auto [i, place] : llvm::enumerate(places))
    loop->getResult(place).replaceAllUsesWith(scan->getResult(i));
  for (auto [i, state] : llvm::enumerate(grown)) {
    // length x ... rows ..., as initial rows followed by those of each step.
    Value rows = m.moved(scan->getResult(places.size() + i), 0, state.axis);
    Dims dims = dimsOf(rows);
    dims[state.axis] = dims[state.axis] * dims[state.axis + 1];
    dims.erase(dims.begin() + state.axis + 1);
    loop->getResult(state.state)
        .replaceAllUsesWith(m.joined(ValueRange{state.init, m.viewedAs(rows, dims)}, state.axis));
  }
  loop.erase();
  return "";
}

int64_t elementAt(std::optional<ArrayRef<int64_t>> list, size_t i) {
  return list && i < list->size() ? (*list)[i] : 0;
}

/// Gives a scan inputs and outputs along axis 0, forward.
bool turnForward(onnx::ScanOp scan) {
  Arithmetic m(scan);
  unsigned states = scan->getNumOperands() - scan.getNumScanInputs();
  bool changed = false;
  for (unsigned i = 0; i < scan.getNumScanInputs(); ++i) {
    Value input = scan->getOperand(states + i);
    int64_t axis = elementAt(scan.getScanInputAxes(), i);
    Value turned = m.moved(input, axis < 0 ? axis + dimsOf(input).size() : axis, 0);
    if (elementAt(scan.getScanInputDirections(), i) == 1)
      turned = reversed(m, turned);
    scan->setOperand(states + i, turned);
    changed |= turned != input;
  }
  m.b.setInsertionPointAfter(scan);
  for (unsigned i = states; i < scan->getNumResults(); ++i) {
    Value result = scan->getResult(i);
    Dims dims = dimsOf(result);
    int64_t axis = elementAt(scan.getScanOutputAxes(), i - states);
    axis += axis < 0 ? dims.size() : 0;
    bool backward = elementAt(scan.getScanOutputDirections(), i - states) == 1;
    if (axis == 0 && !backward)
      continue;
    DimExpr length = dims[axis];
    dims.erase(dims.begin() + axis);
    dims.insert(dims.begin(), length);
    result.setType(tensorWithDims(dims, elementOf(result)));
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : result.getUses())
      uses.push_back(&use);
    Value turned = backward ? reversed(m, result) : result;
    turned = m.moved(turned, 0, axis);
    for (OpOperand *use : uses)
      use->set(turned);
    changed = true;
  }
  scan.removeScanInputAxesAttr();
  scan.removeScanInputDirectionsAttr();
  scan.removeScanOutputAxesAttr();
  scan.removeScanOutputDirectionsAttr();
  return changed;
}

struct NormalizeLoops : impl::NormalizeLoopsPassBase<NormalizeLoops> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isa<onnx::LoopOp, onnx::ScanOp>(op))
        found.push_back(op);
    });
    for (Operation *op : found) {
      if (auto scan = dyn_cast<onnx::ScanOp>(op)) {
        numTurned += turnForward(scan);
        continue;
      }
      std::string reason = LoopToScan(cast<onnx::LoopOp>(op)).run();
      if (reason.empty())
        ++numLoops;
      else
        recordSequential(op, reason);
    }
    // Sizes of results may be known better now.
    Block &block = getOperation().getBody().front();
    getOperation().setType(FunctionType::get(&getContext(), block.getArgumentTypes(),
                                             block.getTerminator()->getOperandTypes()));
  }
};

} // namespace
} // namespace heddle
