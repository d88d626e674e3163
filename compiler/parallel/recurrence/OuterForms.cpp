// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each operation makes of matrices, vectors and their products.

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/OuterLaw.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle::outer {

Value rootOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op) && !isa<onnx::TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// A vector of a size, B x size.
std::optional<Flat> OuterLaw::flat(Value value, const DimExpr &size, Standing standing) {
  Dims own = dimsOf(value), wanted = with(size);
  if (standing == Standing::Row && own.size() >= 2 && own[own.size() - 2].isConstant(1))
    own.erase(own.end() - 2);
  else if (standing == Standing::Column && own.size() >= 2 && own.back().isConstant(1))
    own.pop_back();
  else if (standing != Standing::Flat)
    return std::nullopt;
  if (own.empty() || own.size() > wanted.size() || own.back() != size ||
      broadcastDims(own, wanted) != wanted)
    return std::nullopt;
  return Flat{m.expandedTo(m.viewedAs(value, own), wanted, init), rootOf(value)};
}

/// Of a vector of all points of the batch.
std::optional<Standing> OuterLaw::standingOf(Value value, const DimExpr &size) const {
  Dims own = dimsOf(value);
  if (own.size() == batch.size() + 1)
    return Standing::Flat;
  if (own.size() != dims.size())
    return std::nullopt;
  return own.back() == size && own[own.size() - 2].isConstant(1) ? Standing::Row : Standing::Column;
}

/// Whether a vector that depends on the state stands as a row or column of all points.
bool OuterLaw::stands(Value value, Standing standing) const {
  Dims wanted(batch);
  wanted.push_back(standing == Standing::Row ? DimExpr(1) : values);
  wanted.push_back(standing == Standing::Row ? values : DimExpr(1));
  return dimsOf(value) == wanted;
}

/// A factor of the state: one number, or one for each key.
std::optional<Flat> OuterLaw::rows(Value value) {
  Dims own = dimsOf(value);
  Dims one(batch.size() + 1, DimExpr(1));
  if (isSingle(value))
    return Flat{m.viewedAs(value, one), rootOf(value)};
  if (own.size() > dims.size() || broadcastDims(own, dims) != dims)
    return std::nullopt;
  while (own.size() < dims.size())
    own.insert(own.begin(), 1);
  size_t keyAxis = dims.size() - (transposed ? 1 : 2),
         valueAxis = dims.size() - (transposed ? 2 : 1);
  if (!own[valueAxis].isConstant(1) && !values.isConstant(1))
    return std::nullopt;
  Dims shape(own.begin(), own.end() - 2);
  shape.push_back(own[keyAxis]);
  return Flat{m.viewedAs(value, shape), rootOf(value)};
}

/// One number for each point of the batch, B x 1, of a factor of a vector or product of a rank.
std::optional<Value> OuterLaw::scalar(Value value, size_t rank) {
  if (isSingle(value))
    return m.viewedAs(value, Dims(batch.size() + 1, DimExpr(1)));
  Dims own = dimsOf(value);
  if (own.size() != rank)
    return std::nullopt;
  if (rank == dims.size() && own.back().isConstant(1))
    own.pop_back();
  if (own.size() != batch.size() + 1 || !own.back().isConstant(1) ||
      broadcastDims(own, with(1)) != with(1))
    return std::nullopt;
  return m.viewedAs(value, own);
}

Form OuterLaw::read(const Form &matrix, Flat key) {
  Form form;
  form.kind = Form::Vector;
  form.sign = 1;
  form.readKey = key;
  form.readFactors = matrix.factors;
  return form;
}

std::optional<Form> OuterLaw::outer(Value keyed, const Form &row) {
  bool flatRow = transposed && dimsOf(keyed).size() == 1;
  auto key = flat(keyed, keys,
                  flatRow      ? Standing::Flat
                  : transposed ? Standing::Row
                               : Standing::Column);
  if (!key)
    return std::nullopt;
  Form form = row;
  form.kind = Form::Product;
  form.key = *key;
  return form;
}

std::optional<Form> OuterLaw::matmul(Operation *op, const Form &x, const Form &y) {
  auto standing = [&](Value value, Standing matrix) {
    return dimsOf(value).size() == 1 ? Standing::Flat : matrix;
  };
  // The axis that is summed must be that of keys.
  if (x.kind == Form::Free && y.kind == Form::Matrix && !y.updated && y.turned == transposed)
    if (auto key = flat(x.value, keys, standing(x.value, Standing::Row)))
      return read(y, *key);
  if (y.kind == Form::Free && x.kind == Form::Matrix && !x.updated && x.turned != transposed)
    if (auto key = flat(y.value, keys, standing(y.value, Standing::Column)))
      return read(x, *key);
  if (dimsOf(op->getResult(0)) != dims)
    return std::nullopt;
  Value a = op->getOperand(0), b = op->getOperand(1);
  if (!transposed && x.kind == Form::Free && y.kind == Form::Vector && stands(b, Standing::Row))
    return outer(a, y);
  if (transposed && y.kind == Form::Free && x.kind == Form::Vector && stands(a, Standing::Column))
    return outer(b, x);
  return std::nullopt;
}

std::optional<Form> OuterLaw::multiply(Operation *op, const Form &x, const Form &y) {
  if (x.kind == Form::Free)
    return y.kind == Form::Free ? std::nullopt : multiply(op, y, x);
  if (y.kind != Form::Free)
    return std::nullopt;
  Form form = x;
  if (x.kind == Form::Matrix) {
    if (x.updated || x.turned || dimsOf(op->getResult(0)) != dims)
      return std::nullopt;
    auto factor = rows(y.value);
    if (!factor)
      return std::nullopt;
    form.factors.push_back(*factor);
    return form;
  }
  // A column of keys times a row of values makes the product.
  Value own = op->getOperand(op->getOperand(0) == y.value ? 1 : 0);
  if (x.kind == Form::Vector && dimsOf(op->getResult(0)) == dims && dimsOf(own) != dims)
    return stands(own, transposed ? Standing::Column : Standing::Row) ? outer(y.value, x)
                                                                      : std::nullopt;
  auto factor = scalar(y.value, dimsOf(own).size());
  if (!factor || dimsOf(op->getResult(0)) != dimsOf(own))
    return std::nullopt;
  form.rate = times(form.rate, *factor);
  return form;
}

std::optional<Value> OuterLaw::otherFactor(Value value, Value rate) {
  auto mul = rootOf(value).getDefiningOp<onnx::MulOp>();
  for (unsigned i = 0; mul && i < 2; ++i)
    if (rootOf(mul->getOperand(i)) == rootOf(rate) &&
        scalar(mul->getOperand(i), dimsOf(mul.getResult()).size()))
      return mul->getOperand(1 - i);
  return std::nullopt;
}

std::optional<Form> OuterLaw::add(Operation *op, Form x, Form y, bool subtract) {
  if (subtract) {
    if (y.kind == Form::Free) { // x - v = -(v - x)
      auto turned = add(op, y, x, true);
      if (!turned || turned->kind != Form::Vector)
        return std::nullopt;
      turned->negative ^= true;
      return turned;
    }
    y.negative ^= true;
  }
  if (x.kind == Form::Product || (x.kind != Form::Matrix && y.kind == Form::Matrix)) {
    if (subtract)
      return std::nullopt;
    std::swap(x, y);
  }
  if (x.kind == Form::Matrix) {
    if (x.updated || x.turned || dimsOf(op->getResult(0)) != dims)
      return std::nullopt;
    if (y.kind == Form::Free) { // an outer product that does not depend on the state
      auto product = y.value.getDefiningOp();
      if (!product || !isa<onnx::MulOp, onnx::MatMulOp>(product) || dimsOf(y.value) != dims)
        return std::nullopt;
      Value a = product->getOperand(0), b = product->getOperand(1);
      bool swaps =
          isa<onnx::MulOp>(product) && dimsOf(b).size() >= 2 && dimsOf(b).back().isConstant(1);
      if (swaps)
        std::swap(a, b);
      if (dimsOf(a).size() < 2 || !dimsOf(a).back().isConstant(1) ||
          (dimsOf(b).size() >= 2 && !dimsOf(b)[dimsOf(b).size() - 2].isConstant(1)))
        return std::nullopt;
      if (transposed)
        std::swap(a, b);
      auto one = [&](Value vector, const DimExpr &size, bool column) {
        bool isFlat = dimsOf(vector).size() == 1;
        return flat(vector, size,
                    isFlat   ? Standing::Flat
                    : column ? Standing::Column
                             : Standing::Row);
      };
      auto key = one(a, keys, !transposed), value = one(b, values, transposed);
      if (!key || !value)
        return std::nullopt;
      y = Form();
      y.key = *key;
      y.constant = *value;
    } else if (y.kind != Form::Product) {
      return std::nullopt;
    }
    Form form = y;
    form.kind = Form::Matrix;
    form.updated = true;
    form.factors = x.factors;
    return form;
  }
  // v - c S^T k; where c is a factor of v as well, c (w - S^T k).
  if (x.kind == Form::Vector && y.kind == Form::Free)
    std::swap(x, y);
  if (x.kind != Form::Free || y.kind != Form::Vector || y.constant.value ||
      y.negative != subtract || dimsOf(op->getResult(0)) != dimsOf(op->getOperand(0)) ||
      dimsOf(op->getResult(0)) != dimsOf(op->getOperand(1)))
    return std::nullopt;
  Value constant = x.value;
  if (y.rate) {
    auto other = otherFactor(constant, y.rate);
    if (!other)
      return std::nullopt;
    constant = *other;
  }
  auto standing = standingOf(constant, values);
  auto vector = standing ? flat(constant, values, *standing) : std::nullopt;
  if (!vector)
    return std::nullopt;
  y.constant = *vector;
  y.sign = subtract ? -1 : 1;
  y.negative = false;
  return y;
}

std::optional<Form> OuterLaw::reduce(onnx::ReduceSumOp op, const Form &x) {
  auto axes = constantIntegers(op.getAxes());
  if (x.kind != Form::Matrix || x.updated || x.turned || x.factors.empty() || !axes ||
      axes->size() != 1)
    return std::nullopt;
  int64_t rank = dims.size(), axis = axes->front();
  if ((axis < 0 ? axis + rank : axis) != rank - (transposed ? 1 : 2))
    return std::nullopt;
  Form matrix = x;
  Flat key = matrix.factors.pop_back_val();
  if (dimsOf(key.value).empty() || dimsOf(key.value).back() != keys)
    return std::nullopt;
  key.value = m.expandedTo(key.value, with(keys), init);
  return read(matrix, key);
}

std::optional<Form> OuterLaw::transfer(Operation *op, ArrayRef<Form> operands) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      elementOf(op->getResult(0)) != elementOf(init))
    return std::nullopt;
  if (isa<onnx::MatMulOp>(op))
    return matmul(op, operands[0], operands[1]);
  if (isa<onnx::MulOp>(op))
    return multiply(op, operands[0], operands[1]);
  if (isa<onnx::AddOp, onnx::SubOp>(op))
    return add(op, operands[0], operands[1], isa<onnx::SubOp>(op));
  if (auto sum = dyn_cast<onnx::ReduceSumOp>(op))
    return reduce(sum, operands[0]);
  Form form = operands[0];
  if (isa<onnx::NegOp>(op) && (form.kind == Form::Vector || form.kind == Form::Product)) {
    form.negative ^= true;
    return form;
  }
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op)) {
    auto perm = transpose.getPerm();
    int64_t rank = dimsOf(op->getOperand(0)).size();
    bool swaps = perm ? (*perm)[rank - 1] == rank - 2 && (*perm)[rank - 2] == rank - 1 : rank == 2;
    for (int64_t i = 0; swaps && perm && i < rank - 2; ++i)
      swaps = (*perm)[i] == i;
    if (!swaps || (form.kind == Form::Matrix && form.updated) || form.kind == Form::Product)
      return std::nullopt;
    form.turned ^= form.kind == Form::Matrix;
    return form;
  }
  // Vectors may stand as rows, columns or flat; the state only as it is.
  if (isView(op) && (form.kind == Form::Vector || isa<onnx::IdentityOp>(op)))
    return form;
  return std::nullopt;
}

} // namespace heddle::outer
