// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// States that are multiplied by a matrix at each step: s <- s M + b for a state of n rows, or
// s <- M s + b for one of n columns, with M and b that do not depend on it. Several products, sums
// and factors make one M; what is added of the state itself is a factor of the identity.
//
// Two steps are one with the product of their matrices, which costs k^3 where a step costs k^2 n. So
// this is for small k; a large matrix that is the same in all steps would have to be stored for each.

#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {
namespace {

constexpr int64_t kMostRows = 32;

/// scale s + (M s or s M) + bias; null where there is none. A state without a scale and a matrix
/// does not occur: the value does not vary then, and the bias is its value.
struct Form {
  Coefficient scale;
  Value matrix, bias;
  Dims dims;
  bool varies() const { return !scale.isZero() || matrix; }
};

class MatrixLaw {
public:
  MatrixLaw(const Component &component, bool left)
      : component(component), m(component.end), element(elementOf(component.before[0])),
        ring(element, /*bits=*/false), state(dimsOf(component.before[0])), left(left) {}

  std::optional<Recurrence> find(Refusal &refusal);

private:
  std::optional<Form> transfer(Operation *op, ArrayRef<Form> operands, std::string &why);
  Value matmul(Arithmetic &m, Value x, Value y) const;
  std::optional<Form> product(const Form &x, const Form &y, std::string &why);
  Value plus(Value x, Value y) { return !x ? y : !y ? x : m.add(x, y); }
  Form scaled(const Form &x, Value by);
  std::optional<Form> stretched(const Form &x, Value by, std::string &why);
  Form sum(const Form &x, const Form &y);
  Value identity(int64_t size);

  const Component &component;
  Arithmetic m;
  Type element;
  Ring ring;
  Dims state;
  bool left;
};

Value MatrixLaw::matmul(Arithmetic &m, Value x, Value y) const {
  Dims a = dimsOf(x), b = dimsOf(y);
  // Vectors and matrices, of which a batch has been checked to broadcast.
  auto batch = [](const Dims &dims) {
    return ArrayRef(dims).drop_back(std::min<size_t>(2, dims.size()));
  };
  Dims dims = *broadcastDims(batch(a), batch(b));
  if (a.size() > 1)
    dims.push_back(a[a.size() - 2]);
  if (b.size() > 1)
    dims.push_back(b.back());
  return onnx::MatMulOp::create(m.b, m.loc, tensorWithDims(dims, element), x, y);
}

Form MatrixLaw::scaled(const Form &x, Value by) {
  Form result = x;
  result.scale = ring.mul(m, x.scale, by);
  if (x.matrix)
    result.matrix = m.mul(x.matrix, by);
  if (x.bias)
    result.bias = m.mul(x.bias, by);
  return result;
}

/// Each entry along the multiplied axis by a factor of its own: a diagonal matrix.
std::optional<Form> MatrixLaw::stretched(const Form &x, Value by, std::string &why) {
  why = "scales parts of a state that is multiplied by a matrix";
  Dims dims = dimsOf(by);
  std::optional<int64_t> rows = (left ? state.front() : state.back()).asConstant();
  bool vector = dims.size() == 1 && state.size() == 1;
  bool along = left ? dims.size() == 2 && dims[1].isConstant(1) : dims.size() == 1;
  if (!rows || *rows > kMostRows || state.size() > 2 || x.dims != state || !(vector || along) ||
      !(left ? dims.front() : dims.back()).isConstant(*rows))
    return std::nullopt;
  Form result;
  Value factors = left && vector ? m.viewedAs(by, {*rows, 1}) : by;
  Value matrix = x.matrix;
  if (!x.scale.isZero()) {
    Value one = identity(*rows);
    matrix = plus(matrix, x.scale.isOne() ? one : m.mul(one, x.scale.value));
  }
  result.matrix = m.mul(matrix, factors);
  if (x.bias)
    result.bias = m.mul(x.bias, by);
  return result;
}

Form MatrixLaw::sum(const Form &x, const Form &y) {
  Form result;
  result.scale = ring.add(m, x.scale, y.scale);
  result.matrix = plus(x.matrix, y.matrix);
  result.bias = plus(x.bias, y.bias);
  return result;
}

Value MatrixLaw::identity(int64_t size) {
  auto type = RankedTensorType::get({size, size}, element);
  bool isFloat = element.isF32() || element.isF64();
  SmallVector<Attribute> values;
  for (int64_t i = 0; i < size * size; ++i) {
    bool one = i / size == i % size;
    values.push_back(isFloat ? Attribute(FloatAttr::get(element, one))
                             : IntegerAttr::get(element, one));
  }
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, values));
  return constant.getResult();
}

std::optional<Form> MatrixLaw::product(const Form &x, const Form &y, std::string &why) {
  if (x.varies() && y.varies()) {
    why = "multiplies two values that both depend on the state";
    return std::nullopt;
  }
  if (x.varies() == left) {
    why = "multiplies the state from a side that other products do not";
    return std::nullopt;
  }
  const Form &form = left ? y : x;
  Value by = left ? x.bias : y.bias;
  Dims dims = dimsOf(by);
  bool fits =
      state.size() == 1 ? dims.size() == 2 : dims.size() >= 2 && dims.size() <= state.size();
  if (fits && dims.size() > 2) {
    ArrayRef batch = ArrayRef(state).drop_back(2);
    fits = broadcastDims(ArrayRef(dims).drop_back(2), batch) == Dims(batch);
  }
  if (!fits) {
    why = "multiplies the state by something other than one matrix";
    return std::nullopt;
  }
  Form result;
  auto times = [&](Value value) { return left ? matmul(m, by, value) : matmul(m, value, by); };
  if (!form.scale.isZero())
    result.matrix = form.scale.isOne() ? by : m.mul(by, form.scale.value);
  if (form.matrix)
    result.matrix = plus(result.matrix, times(form.matrix));
  if (form.bias)
    result.bias = times(m.expandedTo(form.bias, form.dims, component.init[0]));
  return result;
}

std::optional<Form> MatrixLaw::transfer(Operation *op, ArrayRef<Form> operands, std::string &why) {
  Value result = op->getResult(0);
  why = "is not a product of the state and a matrix, or a sum of such";
  if (elementOf(result) != element)
    return std::nullopt;
  std::optional<Form> form;
  if (isa<onnx::MatMulOp>(op)) {
    form = product(operands[0], operands[1], why);
  } else if (isa<onnx::IdentityOp>(op)) {
    form = operands[0];
  } else if (isa<onnx::AddOp, onnx::SubOp>(op)) {
    for (const Form &operand : operands)
      if (operand.varies() && operand.dims != dimsOf(result)) {
        why = "repeats elements of the state";
        return std::nullopt;
      }
    Form second = operands[1];
    if (isa<onnx::SubOp>(op))
      second = scaled(second, scalarConstant(m, element, -1));
    form = sum(operands[0], second);
  } else if (isa<onnx::MulOp, onnx::DivOp>(op)) {
    bool first = operands[0].varies();
    Value by = op->getOperand(first);
    if (operands[first].varies() || (isa<onnx::DivOp>(op) && !first)) {
      why = "multiplies or divides by a value that depends on the state";
      return std::nullopt;
    }
    if (operands[!first].dims != dimsOf(result) ||
        (isa<onnx::DivOp>(op) && !isa<FloatType>(element)))
      return std::nullopt;
    if (isa<onnx::DivOp>(op))
      by = m.div(scalarConstant(m, element, 1), by);
    form = isSingle(by) ? std::optional(scaled(operands[!first], m.viewedAs(by, {})))
                        : stretched(operands[!first], by, why);
  }
  if (form)
    form->dims = dimsOf(result);
  return form;
}

std::optional<Recurrence> MatrixLaw::find(Refusal &refusal) {
  refusal.op = component.steps.empty() ? component.end : component.steps.front();
  refusal.why = "mixes states, or states that are not a vector or matrix of 32 or 64 bit numbers";
  bool number =
      element.isF32() || element.isF64() || element.isInteger(32) || element.isInteger(64);
  if (component.before.size() != 1 || !number || state.empty())
    return std::nullopt;
  // Along the axis that is multiplied.
  std::optional<int64_t> rows =
      (left && state.size() > 1 ? state[state.size() - 2] : state.back()).asConstant();
  auto forms = interpret<Form>(
      component,
      [&](unsigned) {
        return Form{Coefficient::One, {}, {}, state};
      },
      [&](Value value) {
        return Form{{}, {}, value, value ? dimsOf(value) : Dims()};
      },
      [&](Operation *op, ArrayRef<Form> operands, std::string &why) {
        return transfer(op, operands, why);
      },
      refusal);
  if (!forms)
    return std::nullopt;
  Form form = forms->front();
  if (!form.matrix) {
    refusal.why = "has no matrix";
    return std::nullopt;
  }
  if (!rows || *rows > kMostRows) {
    refusal.why = "multiplies the state by a matrix of more than " + std::to_string(kMostRows) +
                  " rows: composing two would cost more than it saves";
    return std::nullopt;
  }
  Recurrence found;
  Value matrix = form.matrix;
  if (!form.scale.isZero()) {
    Value one = identity(*rows);
    matrix = m.add(matrix, form.scale.isOne() ? one : m.mul(one, form.scale.value));
  }
  found.elements.push_back(matrix);
  bool shifts = bool(form.bias), onLeft = left;
  if (shifts)
    found.elements.push_back(m.expandedTo(form.bias, state, component.init[0]));
  found.summary = "recurrence with a matrix of " + std::to_string(*rows) + " rows";
  found.proof = std::string("the new state is the old one multiplied by a matrix without it") +
                (shifts ? ", plus a value without it" : "");
  found.exact = isa<IntegerType>(element);
  MatrixLaw law = *this;
  auto step = [law, onLeft, shifts](Arithmetic &m, Value s, ValueRange e) {
    Value next = onLeft ? law.matmul(m, e[0], s) : law.matmul(m, s, e[0]);
    return shifts ? m.add(next, e[1]) : next;
  };
  found.apply = [=](Arithmetic &m, ValueRange s, ValueRange e) -> SmallVector<Value> {
    return {step(m, s[0], e)};
  };
  found.combine = [=](Arithmetic &m, ValueRange x, ValueRange y) -> SmallVector<Value> {
    SmallVector<Value> both = {onLeft ? law.matmul(m, y[0], x[0]) : law.matmul(m, x[0], y[0])};
    if (shifts)
      both.push_back(step(m, x[1], y));
    return both;
  };
  return found;
}

} // namespace

std::optional<Recurrence> findMatrix(const Component &component, Refusal &refusal) {
  Refusal other;
  if (auto found = MatrixLaw(component, /*left=*/true).find(refusal))
    return found;
  auto found = MatrixLaw(component, /*left=*/false).find(other);
  if (!found && other.op && refusal.op && refusal.op->isBeforeInBlock(other.op))
    refusal = other;
  return found;
}

} // namespace heddle
