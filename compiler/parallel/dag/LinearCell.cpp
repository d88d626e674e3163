// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/dag/LinearCell.h"

using namespace mlir;

namespace heddle {

namespace {

class FormBuilder {
public:
  FormBuilder(OpBuilder &b, GridScanOp grid, IRMapping &mapping)
      : b(b), m(b, grid.getLoc()), cell(grid.getBody().front()), mapping(mapping),
        states(grid.getAlong().size() + grid.getDown().size()) {}

  std::optional<SmallVector<AffineForm>> run(ValueRange next) {
    Type type = cell.getArgument(0).getType();
    if (!isa<FloatType>(cast<RankedTensorType>(type).getElementType()))
      return std::nullopt;
    for (unsigned i = 0; i < states; ++i) {
      if (cell.getArgument(i).getType() != type)
        return std::nullopt;
      AffineForm form{SmallVector<Value>(states), Value()};
      form.coefficients[i] = number(type, 1);
      forms[cell.getArgument(i)] = form;
    }
    SmallVector<AffineForm> result;
    for (Value value : next) {
      std::optional<AffineForm> form = of(value);
      if (!form)
        return std::nullopt;
      result.push_back(*form);
    }
    return result;
  }

private:
  Value number(Type like, double value) {
    Type element = cast<RankedTensorType>(like).getElementType();
    auto type = RankedTensorType::get({}, element);
    auto constant = onnx::ConstantOp::create(b, m.loc, TypeRange{type}, ValueRange{});
    constant.setValueAttr(DenseElementsAttr::get(type, b.getFloatAttr(element, value)));
    return constant.getResult();
  }

  bool hasStates(Value value) {
    if (value.getParentBlock() != &cell)
      return false;
    auto [known, isNew] = dependent.try_emplace(value, false);
    if (isNew) {
      bool depends = false;
      if (auto argument = dyn_cast<BlockArgument>(value))
        depends = argument.getArgNumber() < states;
      else
        for (Value operand : value.getDefiningOp()->getOperands())
          depends |= hasStates(operand);
      dependent[value] = depends;
    }
    return dependent[value];
  }

  /// A value without states: what computes it is cloned.
  Value plain(Value value) {
    Operation *producer = value.getDefiningOp();
    if (producer && producer->getBlock() == &cell && !mapping.contains(value)) {
      for (Value operand : producer->getOperands())
        plain(operand);
      b.clone(*producer, mapping);
    }
    return mapping.lookupOrDefault(value);
  }

  template <typename Op> Value combine(Value x, Value y) { return m.apply<Op>(x, y); }
  Value sum(Value x, Value y) { return !x ? y : !y ? x : combine<onnx::AddOp>(x, y); }
  Value difference(Value x, Value y) {
    if (!y)
      return x;
    Value zero = x ? x : number(y.getType(), 0);
    return combine<onnx::SubOp>(zero, y);
  }

  template <typename Each> static AffineForm each(const AffineForm &x, Each function) {
    AffineForm result;
    for (Value value : x.coefficients)
      result.coefficients.push_back(value ? function(value) : Value());
    result.offset = x.offset ? function(x.offset) : Value();
    return result;
  }

  std::optional<AffineForm> of(Value value) {
    if (auto known = forms.find(value); known != forms.end())
      return known->second;
    std::optional<AffineForm> form;
    if (!hasStates(value))
      form = AffineForm{SmallVector<Value>(states), plain(value)};
    else
      form = ofOperation(value.getDefiningOp());
    if (form)
      forms[value] = *form;
    return form;
  }

  std::optional<AffineForm> ofOperation(Operation *op) {
    // What has states is never broadcast: then coefficients broadcast as they did.
    for (Value operand : op->getOperands())
      if (hasStates(operand) && operand.getType() != op->getResult(0).getType())
        return std::nullopt;
    if (isa<onnx::IdentityOp>(op))
      return of(op->getOperand(0));
    if (isa<onnx::NegOp>(op)) {
      std::optional<AffineForm> x = of(op->getOperand(0));
      if (!x)
        return std::nullopt;
      return each(*x, [&](Value value) { return difference(Value(), value); });
    }
    if (isa<onnx::AddOp, onnx::SubOp>(op)) {
      std::optional<AffineForm> x = of(op->getOperand(0)), y = of(op->getOperand(1));
      if (!x || !y)
        return std::nullopt;
      bool isSum = isa<onnx::AddOp>(op);
      auto join = [&](Value a, Value c) { return isSum ? sum(a, c) : difference(a, c); };
      for (auto [a, c] : llvm::zip(x->coefficients, y->coefficients))
        a = join(a, c);
      x->offset = join(x->offset, y->offset);
      return x;
    }
    if (isa<onnx::MulOp, onnx::DivOp>(op)) {
      bool isFirst = hasStates(op->getOperand(0)), isProduct = isa<onnx::MulOp>(op);
      if (isFirst == hasStates(op->getOperand(1)) || (!isFirst && !isProduct))
        return std::nullopt;
      std::optional<AffineForm> x = of(op->getOperand(isFirst ? 0 : 1));
      if (!x)
        return std::nullopt;
      Value factor = plain(op->getOperand(isFirst ? 1 : 0));
      return each(*x, [&](Value value) {
        return isProduct ? combine<onnx::MulOp>(value, factor)
                         : combine<onnx::DivOp>(value, factor);
      });
    }
    return std::nullopt;
  }

  OpBuilder &b;
  Arithmetic m;
  Block &cell;
  IRMapping &mapping;
  unsigned states;
  DenseMap<Value, AffineForm> forms;
  DenseMap<Value, bool> dependent;
};

} // namespace

std::optional<SmallVector<AffineForm>> buildAffineForms(OpBuilder &b, GridScanOp grid,
                                                        IRMapping &mapping) {
  size_t states = grid.getAlong().size() + grid.getDown().size();
  return FormBuilder(b, grid, mapping).run(grid.getYielded().take_front(states));
}

} // namespace heddle
