// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Maxima and minima of a state that may be shifted between them:
//
//   s <- min(max(s + a, lo), hi)
//
// which max, min, Relu, Clip and sums make. It composes, as such a function is monotonous: with
// (a, lo, hi) after (a0, lo0, hi0),
//
//   a' = a0 + a,   lo' = min(max(lo0 + a, lo), hi),   hi' = min(max(hi0 + a, lo), hi)
//
// whether lo is below hi or not. A factor does not stay: max(c s, b) turns around where c is
// negative. Shifted integers would wrap around on one way and not on the other.

#include "compiler/parallel/recurrence/BoundedRecurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

#include <limits>

using namespace mlir;

namespace heddle {
namespace {

/// Null: no shift, no bound. Where it does not vary, `constant` is the value.
struct Form {
  Value shift, low, high, constant;
  Dims dims;
  bool decides = false; // a comparison, for the choice between what it compares
  bool varies() const { return !constant; }
};

class OrderLaw {
public:
  explicit OrderLaw(const Component &component)
      : component(component), m(component.end), state(dimsOf(component.before[0])),
        element(elementOf(component.before[0])) {}

  std::optional<Recurrence> find(Refusal &refusal);

private:
  std::optional<Form> transfer(Operation *op, ArrayRef<Form> operands, std::string &why);
  std::optional<Form> shifted(Form form, Value by, std::string &why);
  std::optional<Form> bounded(const Form &x, const Form &y, bool above, std::string &why);
  std::optional<Form> chosen(Value condition, const Form &x, const Form &y);
  bool ordersOnly(Operation *compare);
  std::optional<Form> chosenByOrder(onnx::WhereOp op, ArrayRef<Form> operands, std::string &why);
  template <typename Change> Form each(Form form, Change change) {
    for (Value *value : {&form.shift, &form.low, &form.high})
      if (*value)
        *value = change(*value);
    return form;
  }
  Value limit(bool highest);

  const Component &component;
  Arithmetic m;
  Dims state;
  Type element;
};

/// What no number is above, or below.
Value OrderLaw::limit(bool highest) {
  if (isa<FloatType>(element)) {
    double infinity = std::numeric_limits<double>::infinity();
    return scalarConstant(m, element, highest ? infinity : -infinity);
  }
  unsigned bits = element.getIntOrFloatBitWidth();
  APInt value = element.isUnsignedInteger()
                    ? (highest ? APInt::getMaxValue(bits) : APInt::getMinValue(bits))
                    : (highest ? APInt::getSignedMaxValue(bits) : APInt::getSignedMinValue(bits));
  auto type = RankedTensorType::get({}, element);
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, value));
  return constant.getResult();
}

std::optional<Form> OrderLaw::shifted(Form form, Value by, std::string &why) {
  if (!element.isF32() && !element.isF64()) {
    why = "shifts a bounded state whose type wraps around or rounds much";
    return std::nullopt;
  }
  form = each(form, [&](Value value) { return m.add(value, by); });
  if (!form.shift)
    form.shift = by;
  return form;
}

std::optional<Form> OrderLaw::bounded(const Form &x, const Form &y, bool above, std::string &why) {
  if (x.varies() && y.varies()) {
    // max(max(s + a, l), max(s + b, k)) = max(s + max(a, b), max(l, k)), and so without an upper
    // bound only.
    bool plain = above ? !x.low && !y.low : !x.high && !y.high;
    if (!plain) {
      why = "compares two values that both depend on the state and are bounded on the other side";
      return std::nullopt;
    }
    auto pick = [&](Value a, Value b) { return above ? minimum(m, a, b) : maximum(m, a, b); };
    Form result = x;
    Value Form::*bound = above ? &Form::high : &Form::low;
    if (y.*bound)
      result.*bound = x.*bound ? pick(x.*bound, y.*bound) : y.*bound;
    if (x.shift || y.shift) {
      Value zero = scalarConstant(m, element, 0);
      result.shift = pick(x.shift ? x.shift : zero, y.shift ? y.shift : zero);
    }
    return result;
  }
  Form result = x.varies() ? x : y;
  Value bound = x.varies() ? y.constant : x.constant;
  if (above) {
    result.high = result.high ? minimum(m, result.high, bound) : bound;
  } else {
    result.low = result.low ? maximum(m, result.low, bound) : bound;
    if (result.high)
      result.high = maximum(m, result.high, bound);
  }
  return result;
}

std::optional<Form> OrderLaw::chosen(Value condition, const Form &x, const Form &y) {
  Form result = x;
  auto pick = [&](Value a, Value b, llvm::function_ref<Value()> missing) -> Value {
    if (!a && !b)
      return {};
    return select(m, condition, a ? a : missing(), b ? b : missing());
  };
  // A constant is what is between the same bounds.
  auto low = [](const Form &form) { return form.varies() ? form.low : form.constant; };
  auto high = [](const Form &form) { return form.varies() ? form.high : form.constant; };
  result.constant = {};
  result.shift = pick(x.shift, y.shift, [&] { return scalarConstant(m, element, 0); });
  result.low = pick(low(x), low(y), [&] { return limit(false); });
  result.high = pick(high(x), high(y), [&] { return limit(true); });
  return result;
}

/// Whether the component uses a comparison only to choose between the two that are compared.
bool OrderLaw::ordersOnly(Operation *compare) {
  Value p = compare->getOperand(0), q = compare->getOperand(1);
  return llvm::all_of(compare->getUsers(), [&](Operation *user) {
    auto where = dyn_cast<onnx::WhereOp>(user);
    bool chooses = where && ((where.getX() == p && where.getY() == q) ||
                             (where.getX() == q && where.getY() == p));
    return chooses || !llvm::is_contained(component.steps, user);
  });
}

/// x > s ? x : s, and its other spellings: a maximum or minimum, except for what is not a number. Nothing
/// is greater than that, so it does not replace the state; the state is not replaced where it is none.
std::optional<Form> OrderLaw::chosenByOrder(onnx::WhereOp op, ArrayRef<Form> operands,
                                            std::string &why) {
  Operation *compare = op.getCondition().getDefiningOp();
  bool less = isa<onnx::LessOp, onnx::LessOrEqualOp>(compare);
  bool least = less == (op.getX() == compare->getOperand(0));
  Form kept = operands[2], other = operands[1];
  if (isa<FloatType>(element)) {
    why = "forgets the state where a value is not a number; a Max or Min keeps it";
    if (!kept.varies() || other.varies())
      return std::nullopt;
    Value number = other.constant;
    Type flags = withElement(number.getType(), m.b.getI1Type());
    Value missing = onnx::IsNaNOp::create(m.b, m.loc, flags, number);
    other.constant = select(m, missing, limit(/*highest=*/least), number);
  }
  return bounded(kept, other, /*above=*/least, why);
}

std::optional<Form> OrderLaw::transfer(Operation *op, ArrayRef<Form> operands, std::string &why) {
  Value result = op->getResult(0);
  Dims dims = dimsOf(result);
  why = "is not a maximum, minimum or shift of the state";
  if (isa<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp, onnx::LessOrEqualOp>(op) &&
      elementOf(op->getOperand(0)) == element) {
    why = "makes a decision of the state";
    if (!ordersOnly(op))
      return std::nullopt;
    Form form{{}, {}, {}, {}, dims};
    form.decides = true;
    return form;
  }
  if (elementOf(result) != element || countElements(dims) != countElements(state)) {
    why = "changes the type of the state, mixes its elements or repeats them";
    return std::nullopt;
  }
  std::optional<Form> form;
  if (isView(op)) {
    form = each(operands[0], [&](Value value) {
      return viewedWith(m, value, operands[0].dims, dims, component.init[0]);
    });
  } else if (isa<onnx::MaxOp, onnx::MinOp>(op)) {
    form = operands[0];
    for (const Form &operand : operands.drop_front()) {
      if (form && !form->varies() && !operand.varies())
        form->constant = isa<onnx::MinOp>(op) ? minimum(m, form->constant, operand.constant)
                                              : maximum(m, form->constant, operand.constant);
      else if (form)
        form = bounded(*form, operand, isa<onnx::MinOp>(op), why);
    }
  } else if (isa<onnx::ReluOp>(op)) {
    form = bounded(operands[0], Form{{}, {}, {}, scalarConstant(m, element, 0), {}},
                   /*above=*/false, why);
  } else if (auto clip = dyn_cast<onnx::ClipOp>(op); clip && operands[0].varies()) {
    form = operands[0];
    auto constant = [](Value value) { return Form{{}, {}, {}, value, {}}; };
    auto varies = [&](Value bound) {
      return bound && llvm::any_of(llvm::zip(op->getOperands(), operands), [&](auto pair) {
               return std::get<0>(pair) == bound && std::get<1>(pair).varies();
             });
    };
    if (varies(clip.getMin()) || varies(clip.getMax())) {
      why = "clips to a bound that depends on the state";
      return std::nullopt;
    }
    if (clip.getMin())
      form = bounded(*form, constant(clip.getMin()), /*above=*/false, why);
    if (clip.getMax())
      form = bounded(*form, constant(clip.getMax()), /*above=*/true, why);
  } else if (isa<onnx::AddOp, onnx::SubOp>(op)) {
    bool sub = isa<onnx::SubOp>(op);
    if (operands[0].varies() && operands[1].varies()) {
      why = "adds two values that both depend on a bounded state";
    } else if (operands[0].varies()) {
      Value by = operands[1].constant;
      if (sub && isa<FloatType>(element))
        by = onnx::NegOp::create(m.b, m.loc, by.getType(), by);
      form = shifted(operands[0], by, why);
    } else if (!sub) {
      form = shifted(operands[1], operands[0].constant, why);
    } else {
      why = "turns a bounded state around";
    }
  } else if (isa<onnx::WhereOp>(op)) {
    if (operands[0].decides)
      form = chosenByOrder(cast<onnx::WhereOp>(op), operands, why);
    else if (operands[0].varies())
      why = "chooses by the state";
    else
      form = chosen(op->getOperand(0), operands[1], operands[2]);
  }
  if (form)
    form->dims = dims;
  return form;
}

std::optional<Recurrence> OrderLaw::find(Refusal &refusal) {
  refusal.op = component.steps.empty() ? component.end : component.steps.front();
  refusal.why = "mixes several states, or truth values";
  if (component.before.size() != 1 || element.isInteger(1))
    return std::nullopt;
  auto forms = interpret<Form>(
      component,
      [&](unsigned) {
        return Form{{}, {}, {}, {}, state};
      },
      [&](Value value) {
        return Form{{}, {}, {}, value, value ? dimsOf(value) : Dims()};
      },
      [&](Operation *op, ArrayRef<Form> operands, std::string &why) {
        return transfer(op, operands, why);
      },
      refusal);
  if (!forms || !forms->front().varies())
    return std::nullopt;
  Form form = forms->front();
  refusal.why = "neither bounds the state from above nor from below";
  if (!form.low && !form.high)
    return std::nullopt;

  SmallVector<Value> parameters;
  for (Value value : {form.shift, form.low, form.high})
    if (value)
      parameters.push_back(value);
  if (!unifyShapes(m, parameters, bool(form.shift), state, component.init[0])) {
    refusal.why = "leaves parameters of shapes that are not known to fit";
    return std::nullopt;
  }
  return boundedRecurrence(parameters, bool(form.shift), bool(form.low), bool(form.high));
}

} // namespace

std::optional<Recurrence> findOrder(const Component &component, Refusal &refusal) {
  return OrderLaw(component).find(refusal);
}

} // namespace heddle
