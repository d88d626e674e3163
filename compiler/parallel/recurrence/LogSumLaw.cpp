// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Logarithms of sums of exponentials, as programs accumulate them:
//
//   s <- log(e^(s + a) + e^b)
//
// which is s <- a s + b where a sum is log(e^x + e^y) and a product a sum. Programs take a pivot out of
// the logarithm so that nothing overflows: the maximum, m + log(e^(s - m) + e^(b - m)), or the state,
// s + softplus(b - s). Any pivot gives the same, so it is only remembered until it is added again.
// The scan takes the maximum, whatever the program does.

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/BoundedRecurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

#include <cmath>

using namespace mlir;

namespace heddle {
namespace {

/// Log: log(e^(s + shift) + e^bias) - pivot, with the first term where it is `ofState`; Exp: e to the
/// power of that. Null: a shift of 0, no second term, no pivot.
struct Form {
  enum Kind { Free, Log, Exp, Pivot } kind = Free;
  bool ofState = false;
  Value shift, bias, pivot, value; // `value` of what is free
};

/// log(e^x + e^y); of equal ones, which may be infinite, x + log 2.
Value logSum(Arithmetic &m, Value x, Value y) {
  Type element = elementOf(x);
  Value high = maximum(m, x, y), low = minimum(m, x, y);
  Value difference = m.sub(low, high);
  Value rest = onnx::ExpOp::create(m.b, m.loc, difference.getType(), difference);
  rest = m.add(rest, scalarConstant(m, element, 1));
  rest = onnx::LogOp::create(m.b, m.loc, rest.getType(), rest);
  Value same =
      onnx::EqualOp::create(m.b, m.loc, withElement(high.getType(), m.b.getI1Type()), low, high);
  return m.add(high, select(m, same, scalarConstant(m, element, std::log(2.0)), rest));
}

class LogSumLaw {
public:
  explicit LogSumLaw(const Component &component)
      : component(component), m(component.end), state(component.before[0]),
        element(elementOf(state)) {}

  std::optional<Recurrence> find(Refusal &refusal);

private:
  std::optional<Form> transfer(Operation *op, ArrayRef<Form> operands, std::string &why);
  std::optional<Form> add(Operation *op, const Form &x, const Form &y);
  std::optional<Form> subtract(Operation *op, const Form &x, const Form &y);
  Form shifted(Form form, Value by);
  std::optional<Form> merged(const Form &x, const Form &y);
  bool isPivot(const Form &form, Value value) { return form.kind == Form::Pivot || value == state; }
  Value exponent(Value value) {
    auto exp = value.getDefiningOp<onnx::ExpOp>();
    return exp ? exp.getInput() : Value();
  }

  const Component &component;
  Arithmetic m;
  Value state;
  Type element;
};

Form LogSumLaw::shifted(Form form, Value by) {
  if (form.ofState)
    form.shift = form.shift ? m.add(form.shift, by) : by;
  if (form.bias)
    form.bias = m.add(form.bias, by);
  return form;
}

/// The sum of two exponentials over the same pivot.
std::optional<Form> LogSumLaw::merged(const Form &x, const Form &y) {
  if (x.pivot != y.pivot)
    return std::nullopt;
  Form sum = x;
  auto zero = [&](Value value) { return value ? value : scalarConstant(m, element, 0); };
  if (x.ofState && y.ofState)
    sum.shift = logSum(m, zero(x.shift), zero(y.shift));
  else if (y.ofState)
    sum.shift = y.shift;
  sum.ofState |= y.ofState;
  if (y.bias)
    sum.bias = x.bias ? logSum(m, x.bias, y.bias) : y.bias;
  return sum;
}

std::optional<Form> LogSumLaw::add(Operation *op, const Form &x, const Form &y) {
  if (x.kind == Form::Exp && y.kind == Form::Exp)
    return merged(x, y);
  if (x.kind == Form::Log && x.pivot && x.pivot == op->getOperand(1)) {
    Form sum = x;
    sum.pivot = {};
    return sum;
  }
  if (x.kind == Form::Log && y.kind == Form::Free)
    return shifted(x, y.value);
  if (x.kind == Form::Exp && y.kind == Form::Free) {
    if (Value power = exponent(y.value); power && !x.pivot)
      return merged(x, Form{Form::Exp, false, {}, power, {}, {}});
  }
  return std::nullopt;
}

std::optional<Form> LogSumLaw::subtract(Operation *op, const Form &x, const Form &y) {
  if (x.kind == Form::Log && y.kind == Form::Free) {
    Value by = onnx::NegOp::create(m.b, m.loc, y.value.getType(), y.value);
    return shifted(x, by);
  }
  Value pivot = op->getOperand(1);
  if (!isPivot(y, pivot))
    return std::nullopt;
  Form difference = x;
  if (x.kind == Form::Free)
    difference = {Form::Log, false, {}, x.value, {}, {}};
  else if (x.kind != Form::Log || x.pivot)
    return std::nullopt;
  difference.pivot = pivot;
  return difference;
}

std::optional<Form> LogSumLaw::transfer(Operation *op, ArrayRef<Form> operands, std::string &why) {
  Value result = op->getResult(0);
  why = "is no part of the logarithm of a sum of exponentials";
  if (elementOf(result) != element || countElements(dimsOf(result)) != countElements(dimsOf(state)))
    return std::nullopt;
  const Form &x = operands[0];
  if (isa<onnx::MaxOp>(op))
    return Form{Form::Pivot, false, {}, {}, {}, {}};
  if (isa<onnx::SubOp>(op))
    return subtract(op, x, operands[1]);
  if (isa<onnx::AddOp>(op)) {
    if (std::optional<Form> sum = add(op, x, operands[1]))
      return sum;
    // The other way around: what was the second operand is the first of a sum that is the same.
    if (operands[1].kind == Form::Log && operands[1].pivot &&
        operands[1].pivot == op->getOperand(0)) {
      Form sum = operands[1];
      sum.pivot = {};
      return sum;
    }
    return x.kind == Form::Free ? add(op, operands[1], x) : std::nullopt;
  }
  Form form = x;
  if (isa<onnx::ExpOp>(op) && x.kind == Form::Log) {
    form.kind = Form::Exp;
    return form;
  }
  if (isa<onnx::LogOp>(op) && x.kind == Form::Exp) {
    form.kind = Form::Log;
    return form;
  }
  // log(1 + e^(b - s)) = log(e^s + e^b) - s.
  if (isa<onnx::SoftplusOp>(op) && x.kind == Form::Log && x.pivot == state)
    return merged(x, Form{Form::Log, true, {}, {}, state, {}});
  return std::nullopt;
}

std::optional<Recurrence> LogSumLaw::find(Refusal &refusal) {
  auto isLogarithm = [](Operation *op) { return isa<onnx::LogOp, onnx::SoftplusOp>(op); };
  if (component.before.size() != 1 || !(element.isF32() || element.isF64()) ||
      llvm::none_of(component.steps, isLogarithm))
    return std::nullopt;
  auto forms = interpret<Form>(
      component, [&](unsigned) { return Form{Form::Log, true, {}, {}, {}, {}}; },
      [&](Value value) { return Form{Form::Free, false, {}, {}, {}, value}; },
      [&](Operation *op, ArrayRef<Form> operands, std::string &why) {
        return transfer(op, operands, why);
      },
      refusal);
  if (!forms)
    return std::nullopt;
  const Form &form = forms->front();
  refusal.why = "leaves no logarithm of a sum of exponentials of the state and another value";
  if (form.kind != Form::Log || !form.ofState || form.pivot || !form.bias)
    return std::nullopt;
  Recurrence found;
  bool shifts = bool(form.shift);
  if (shifts)
    found.elements.push_back(form.shift);
  found.elements.push_back(form.bias);
  if (!unifyShapes(m, found.elements, shifts, dimsOf(state), component.init[0])) {
    refusal.why = "leaves parameters of shapes that are not known to fit";
    return std::nullopt;
  }
  found.summary = "running logarithm of a sum of exponentials";
  found.proof = std::string("the exponential of the new state is that of the old one") +
                (shifts ? " times one of a value without it," : "") +
                " plus one of a value without it";
  auto step = [=](Arithmetic &m, Value s, ValueRange e) {
    return logSum(m, shifts ? m.add(s, e[0]) : s, e.back());
  };
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    return {step(m, s[0], e)};
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) {
    SmallVector<Value> both;
    if (shifts)
      both.push_back(m.add(x[0], y[0]));
    both.push_back(step(m, x.back(), y));
    return both;
  };
  return found;
}

} // namespace

std::optional<Recurrence> findLogSum(const Component &component, Refusal &refusal) {
  return LogSumLaw(component).find(refusal);
}

} // namespace heddle
