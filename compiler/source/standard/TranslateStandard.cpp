// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function, its loops and branches.

#include "compiler/Passes.h"
#include "compiler/source/standard/StandardTranslator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_TRANSLATESTANDARDPASS
#include "compiler/Passes.h.inc"

static bool isStandard(Operation *op) {
  return isa_and_nonnull<scf::SCFDialect, arith::ArithDialect, math::MathDialect,
                         tensor::TensorDialect, linalg::LinalgDialect>(op->getDialect());
}

bool StandardTranslator::isNeeded(func::FuncOp function) {
  return function
      .walk([](Operation *op) {
        return isStandard(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

Value StandardTranslator::of(Value value) {
  return isa<TensorType>(value.getType()) ? value : scalars.lookup(value);
}

SmallVector<Value> StandardTranslator::of(ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return of(value); });
}

Value StandardTranslator::of(OpFoldResult index) {
  if (auto value = dyn_cast<Value>(index))
    return of(value);
  return integer(cast<IntegerAttr>(cast<Attribute>(index)).getInt());
}

void StandardTranslator::replace(Value old, Value now) {
  if (isa<TensorType>(old.getType()))
    old.replaceAllUsesWith(now);
  else
    scalars[old] = now;
}

Type StandardTranslator::tensorType(Type type) {
  if (isa<TensorType>(type))
    return cast<TensorType>(type).getElementType().isIndex() ? Type() : type;
  if (type.isIndex())
    return RankedTensorType::get({}, b.getI64Type());
  return type.isIntOrFloat() ? RankedTensorType::get({}, type) : Type();
}

Value StandardTranslator::emit(StringRef name, ValueRange operands, Type type,
                               ArrayRef<NamedAttribute> attributes) {
  OperationState state(loc, ("onnx." + name).str());
  state.addOperands(operands);
  state.addTypes(type);
  state.addAttributes(attributes);
  return b.create(state)->getResult(0);
}

Value StandardTranslator::constant(ElementsAttr value) {
  return emit("Constant", {}, value.getShapedType(), {b.getNamedAttr("value", value)});
}

Value StandardTranslator::integer(int64_t value) {
  return constant(DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), value));
}

Value StandardTranslator::integers(ArrayRef<int64_t> values) {
  return constant(b.getI64TensorAttr(values));
}

LogicalResult StandardTranslator::translateFor(scf::ForOp op) {
  if (op.getUnsignedCmp())
    return op.emitOpError("counts without signs; write it with signed indices");
  auto lower = getConstantIntValue(op.getLowerBound()), step = getConstantIntValue(op.getStep());
  auto upper = getConstantIntValue(op.getUpperBound());
  auto index = RankedTensorType::get({}, b.getI64Type());
  auto whole = [&](StringRef name, Value x, Value y) { return emit(name, {x, y}, index); };
  Value count;
  if (lower && upper && step && *step > 0) {
    count = integer(*upper > *lower ? (*upper - *lower - 1) / *step + 1 : 0);
  } else {
    count = of(op.getUpperBound());
    if (lower != 0)
      count = whole("Sub", count, of(op.getLowerBound()));
    if (step != 1) {
      Value by = of(op.getStep());
      count = whole("Div", whole("Add", count, whole("Sub", by, integer(1))), by);
    }
  }
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(tensorType(type));
  if (llvm::is_contained(types, Type()))
    return op.emitOpError("carries what is neither a number nor a tensor of numbers");
  auto loop = onnx::LoopOp::create(b, loc, types, count, Value(), of(op.getInitArgs()));
  loop->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  Block *body = &loop.getBody().emplaceBlock();
  Value number = body->addArgument(index, loc);
  Value goesOn = body->addArgument(RankedTensorType::get({}, b.getI1Type()), loc);
  for (auto [old, type] : llvm::zip(op.getRegionIterArgs(), types))
    replace(old, body->addArgument(type, loc));
  Operation *yield = op.getBody()->getTerminator();
  body->getOperations().splice(body->end(), op.getBody()->getOperations(), op.getBody()->begin(),
                               yield->getIterator());
  b.setInsertionPointToStart(body);
  if (step != 1)
    number = whole("Mul", number, of(op.getStep()));
  if (lower != 0)
    number = whole("Add", number, of(op.getLowerBound()));
  scalars[op.getInductionVar()] = number;
  if (failed(translate(*body)))
    return failure();
  b.setInsertionPointToEnd(body);
  SmallVector<Value> yielded = {goesOn};
  llvm::append_range(yielded, of(yield->getOperands()));
  onnx::YieldOp::create(b, yield->getLoc(), yielded);
  for (auto [old, now] : llvm::zip(op.getResults(), loop->getResults()))
    replace(old, now);
  return success();
}

LogicalResult StandardTranslator::translateIf(scf::IfOp op) {
  if (op->getNumResults() == 0)
    return success(); // no results and no effects
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(tensorType(type));
  if (llvm::is_contained(types, Type()))
    return op.emitOpError("gives what is neither a number nor a tensor of numbers");
  auto branch = onnx::IfOp::create(b, loc, types, of(op.getCondition()));
  for (auto [from, to] : {std::pair(&op.getElseRegion(), &branch.getElseBranch()),
                          std::pair(&op.getThenRegion(), &branch.getThenBranch())}) {
    Operation *yield = from->front().getTerminator();
    Block *block = &to->emplaceBlock();
    block->getOperations().splice(block->end(), from->front().getOperations(),
                                  from->front().begin(), yield->getIterator());
    if (failed(translate(*block)))
      return failure();
    b.setInsertionPointToEnd(block);
    onnx::YieldOp::create(b, yield->getLoc(), of(yield->getOperands()));
  }
  for (auto [old, now] : llvm::zip(op.getResults(), branch->getResults()))
    replace(old, now);
  return success();
}

LogicalResult StandardTranslator::translate(Operation *op) {
  b.setInsertionPoint(op);
  loc = op->getLoc();
  // What the program's reader knows it by.
  if (auto place = loc->findInstanceOf<FileLineColLoc>())
    loc = NameLoc::get(b.getStringAttr("line " + llvm::Twine(place.getLine())), loc);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return translateFor(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return translateIf(branch);
  if (isa<scf::WhileOp>(op))
    return op->emitOpError(
        "runs until a condition says otherwise; write a loop of a known number of "
        "iterations (scf.for), or a Loop of ONNX");
  for (auto rule : {&StandardTranslator::elementwise, &StandardTranslator::comparison,
                    &StandardTranslator::conversion, &StandardTranslator::tensorAccess})
    if (std::optional<Value> value = (this->*rule)(op)) {
      replace(op->getResult(0), *value);
      return success();
    }
  return op->emitOpError("has no counterpart among the operators; docs/raising.md lists what a "
                         "program of MLIR's own dialects may use");
}

LogicalResult StandardTranslator::translate(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (isStandard(&op)) {
      if (failed(translate(&op)))
        return failure();
      replaced.push_back(&op);
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(translate(inner)))
          return failure();
  }
  return success();
}

/// Arguments and results that have no name are called by their number.
void StandardTranslator::finishSignature() {
  Block &block = function.getBody().front();
  Operation *end = block.getTerminator();
  end->setOperands(of(end->getOperands()));
  function.setType(
      FunctionType::get(b.getContext(), block.getArgumentTypes(), end->getOperandTypes()));
  auto named = [&](unsigned i, StringRef what) { return b.getStringAttr(what + llvm::Twine(i)); };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, "heddle.name"))
      function.setArgAttr(i, "heddle.name", named(i, "arg"));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttr(i, "heddle.name"))
      function.setResultAttr(i, "heddle.name", named(i, "result"));
}

LogicalResult StandardTranslator::run() {
  if (!function.getBody().hasOneBlock())
    return function.emitError("jumps between blocks; write its loops as scf.for");
  for (BlockArgument argument : function.getArguments()) {
    Type type = tensorType(argument.getType());
    if (!type)
      return function.emitError("argument ")
             << argument.getArgNumber() << " is neither a number nor a tensor of numbers";
    argument.setType(type); // its users become operations on tensors
  }
  if (failed(translate(function.getBody().front())))
    return failure();
  finishSignature();
  for (Operation *op : replaced)
    op->dropAllReferences();
  for (Operation *op : replaced)
    op->erase();
  return success();
}

namespace {

struct TranslateStandard : impl::TranslateStandardPassBase<TranslateStandard> {
  void runOnOperation() override {
    if (StandardTranslator::isNeeded(getOperation()) &&
        failed(StandardTranslator(getOperation()).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace heddle
