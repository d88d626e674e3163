// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// States that are linear in the old ones, element by element:
//
//   s_i <- sum_j a_ij s_j + b_i
//
// with any a and b that do not depend on them. One state without a is a sum, without b a product.
// The same over bits, where sum is exclusive or and product is and: not s is s + 1, s or x is
// (1 + x) s + x, and every function of one bit has this form.
//
// Numbers of 16 bits round so much at every step that another order is another result; converted
// states are rounded as well. Integers wrap around, which a ring does not mind; only their quotients
// do not compose.

#include "compiler/parallel/recurrence/LinearForm.h"
#include "compiler/parallel/recurrence/Recurrence.h"

using namespace mlir;

namespace heddle {
namespace {

using Form = LinearForm;

constexpr unsigned kMostStates = 4; // that mix: a product of two steps costs the cube

class AffineLaw {
public:
  AffineLaw(const Component &component, bool bits)
      : component(component), m(component.end), ring(elementOf(component.before[0]), bits),
        bits(bits), state(dimsOf(component.before[0])), count(component.before.size()) {}

  std::optional<Recurrence> find(Refusal &refusal);

private:
  std::optional<Form> transfer(Operation *op, ArrayRef<Form> operands, std::string &why);
  std::optional<Form> chosenBits(ArrayRef<Form> operands, const Dims &dims, std::string &why);
  std::optional<Form> transferNumbers(Operation *op, ArrayRef<Form> operands, std::string &why);
  std::optional<Form> transferBits(Operation *op, ArrayRef<Form> operands, std::string &why);
  template <typename Combine> Form zip(const Form &x, const Form &y, Combine combine);
  template <typename Change> Form each(Form form, Change change);
  Form sum(const Form &x, const Form &y) {
    return zip(x, y, [&](Coefficient a, Coefficient b) { return ring.add(m, a, b); });
  }
  Form negated(const Form &x) {
    return each(x, [&](Coefficient a) { return ring.neg(m, a); });
  }
  Form scaled(const Form &x, Coefficient factor) {
    return each(x, [&](Coefficient a) { return ring.mul(m, a, factor); });
  }
  std::optional<Form> product(const Form &x, const Form &y, std::string &why);

  const Component &component;
  Arithmetic m;
  Ring ring;
  bool bits;
  Dims state;
  unsigned count;
};

template <typename Combine> Form AffineLaw::zip(const Form &x, const Form &y, Combine combine) {
  Form result;
  for (auto [a, b] : llvm::zip(x.factors, y.factors))
    result.factors.push_back(combine(a, b));
  result.bias = combine(x.bias, y.bias);
  return result;
}

template <typename Change> Form AffineLaw::each(Form form, Change change) {
  for (Coefficient &factor : form.factors)
    factor = change(factor);
  form.bias = change(form.bias);
  return form;
}

std::optional<Form> AffineLaw::product(const Form &x, const Form &y, std::string &why) {
  if (!y.varies())
    return scaled(x, y.bias);
  if (!x.varies())
    return scaled(y, x.bias);
  // s and s is s: (a s + b)(c s + d) = (a c + a d + b c) s + b d.
  if (bits && count == 1) {
    Form result;
    auto mul = [&](Coefficient a, Coefficient b) { return ring.mul(m, a, b); };
    Coefficient a = x.factors[0], c = y.factors[0];
    result.factors.push_back(ring.add(m, mul(a, c), ring.add(m, mul(a, y.bias), mul(x.bias, c))));
    result.bias = mul(x.bias, y.bias);
    return result;
  }
  why = "multiplies two values that both depend on the state";
  return std::nullopt;
}

std::optional<Form> AffineLaw::transferBits(Operation *op, ArrayRef<Form> operands,
                                            std::string &why) {
  Form one = operands[0];
  for (Coefficient &factor : one.factors)
    factor = Coefficient::Zero;
  one.bias = Coefficient::One;
  if (isa<onnx::NotOp, onnx::BitwiseNotOp>(op))
    return sum(operands[0], one);
  if (isa<onnx::XorOp, onnx::BitwiseXorOp>(op))
    return sum(operands[0], operands[1]);
  if (isa<onnx::AndOp, onnx::BitwiseAndOp>(op))
    return product(operands[0], operands[1], why);
  if (isa<onnx::OrOp, onnx::BitwiseOrOp>(op)) {
    auto both = product(operands[0], operands[1], why);
    return both ? std::optional(sum(sum(operands[0], operands[1]), *both)) : std::nullopt;
  }
  why = "is not a logical function of the state";
  return std::nullopt;
}

/// c ? x : y of bits is c (x + y) + y.
std::optional<Form> AffineLaw::chosenBits(ArrayRef<Form> operands, const Dims &dims,
                                          std::string &why) {
  auto chosen = product(operands[0], sum(operands[1], operands[2]), why);
  if (!chosen)
    return std::nullopt;
  Form form = sum(*chosen, operands[2]);
  form.dims = dims;
  return form;
}

std::optional<Form> AffineLaw::transferNumbers(Operation *op, ArrayRef<Form> operands,
                                               std::string &why) {
  if (isa<onnx::AddOp, onnx::SumOp>(op)) {
    Form result = operands[0];
    for (const Form &operand : operands.drop_front())
      result = sum(result, operand);
    return result;
  }
  if (isa<onnx::SubOp>(op))
    return sum(operands[0], negated(operands[1]));
  if (isa<onnx::NegOp>(op))
    return negated(operands[0]);
  if (isa<onnx::MulOp>(op))
    return product(operands[0], operands[1], why);
  if (isa<onnx::DivOp>(op)) {
    if (operands[1].varies()) {
      why = "divides by a value that depends on the state";
      return std::nullopt;
    }
    if (!isa<FloatType>(elementOf(op->getResult(0)))) {
      why = "divides integers, which rounds the state";
      return std::nullopt;
    }
    Value divisor = op->getOperand(1);
    return each(operands[0], [&](Coefficient a) -> Coefficient {
      return a.isZero() ? a : Coefficient(m.div(ring.valueOf(m, a), divisor));
    });
  }
  why = isa<onnx::ModOp>(op)
            ? "takes a remainder of the state, which composes as the last operation "
              "of a step on integers and for powers of two only"
            : "is not a linear function of the state";
  return std::nullopt;
}

std::optional<Form> AffineLaw::transfer(Operation *op, ArrayRef<Form> operands, std::string &why) {
  Value result = op->getResult(0);
  Dims dims = dimsOf(result);
  if (elementOf(result) != elementOf(component.before[0])) {
    why = elementOf(result).isInteger(1) ? "makes a decision of the state"
                                         : "changes the type of the state";
    return std::nullopt;
  }
  // Each element of a value must come from one element of the state, at the same place.
  if (countElements(dims) != countElements(state)) {
    why = "mixes elements of the state or repeats them";
    return std::nullopt;
  }
  std::optional<Form> form;
  if (isView(op)) {
    const Dims &from = operands[0].dims;
    form = each(operands[0], [&](Coefficient a) -> Coefficient {
      return a.kind != Coefficient::General
                 ? a
                 : Coefficient(viewedWith(m, a.value, from, dims, component.init[0]));
    });
  } else if (isa<onnx::WhereOp>(op)) {
    if (operands[0].varies() && bits)
      return chosenBits(operands, dims, why);
    if (operands[0].varies()) {
      why = "chooses by the state";
      return std::nullopt;
    }
    form = zip(operands[1], operands[2], [&](Coefficient a, Coefficient b) {
      return ring.select(m, op->getOperand(0), a, b);
    });
  } else {
    form = bits ? transferBits(op, operands, why) : transferNumbers(op, operands, why);
  }
  if (form)
    form->dims = dims;
  return form;
}

std::optional<Recurrence> AffineLaw::find(Refusal &refusal) {
  Type element = elementOf(component.before[0]);
  refusal.op = component.steps.empty() ? component.end : component.steps.front();
  for (Value value : component.before)
    if (value.getType() != component.before[0].getType()) {
      refusal.why = "mixes states of different shapes or types";
      return std::nullopt;
    }
  if (count > kMostStates) {
    refusal.why = "mixes " + std::to_string(count) + " states, more than pay to be composed";
    return std::nullopt;
  }
  bool number =
      element.isF32() || element.isF64() || (isa<IntegerType>(element) && !element.isInteger(1));
  if (bits ? !isa<IntegerType>(element) : !number) {
    refusal.why = "computes with numbers that another order would round otherwise";
    return std::nullopt;
  }
  auto forms = interpret<Form>(
      component,
      [&](unsigned i) {
        Form form{SmallVector<Coefficient, 2>(count, Coefficient::Zero), {}, state};
        form.factors[i] = Coefficient::One;
        return form;
      },
      [&](Value value) {
        return Form{SmallVector<Coefficient, 2>(count, Coefficient::Zero), value, dimsOf(value)};
      },
      [&](Operation *op, ArrayRef<Form> operands, std::string &why) {
        return transfer(op, operands, why);
      },
      refusal);
  if (!forms)
    return std::nullopt;
  Recurrence found = recurrenceOf(m, ring, *forms);
  // A factor of the only state is combined with factors alone.
  unsigned kept = count == 1 && found.elements.size() == 2 ? 1 : 0;
  if (!unifyShapes(m, found.elements, kept, state, component.init[0])) {
    refusal.why = "leaves parameters of shapes that are not known to fit";
    return std::nullopt;
  }
  found.exact = isa<IntegerType>(element);
  return found;
}

} // namespace

std::optional<Recurrence> findAffine(const Component &component, Refusal &refusal) {
  return AffineLaw(component, /*bits=*/false).find(refusal);
}

std::optional<Recurrence> findBitwise(const Component &component, Refusal &refusal) {
  return AffineLaw(component, /*bits=*/true).find(refusal);
}

} // namespace heddle
