// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations between the old and the new state are interpreted as functions of the old matrix S:
//
//   matrix   f1 f2 .. S + k u^T      factors are scalars or scale the rows of keys
//   vector   c (v + s S^T k)         s is 0, 1 or -1; a row, a column or flat
//   product  k u^T                   of a key and a vector
//
// and so are those that read the new state, which must all end in a vector.

#include "compiler/parallel/recurrence/OuterProducts.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {
namespace {

/// A vector for each point of the batch, and the value it is a view of: by which vectors are known
/// to be the same.
struct Flat {
  Value value, root;
};

/// How a vector stands: x 1 x d, x d x 1, x d.
enum class Standing { Row, Column, Flat };

struct Form {
  enum Kind { Free, Matrix, Vector, Product } kind = Free;
  Value value;                   // Free
  SmallVector<Flat, 2> factors;  // Matrix: of the state, in order; last what it was read with
  bool turned = false;           // Matrix: transposed
  // Vector, Product and the update of a Matrix:
  bool updated = false;
  Flat key;                      // of the product
  bool negative = false;
  Value rate;                    // one number for each point
  Flat constant;                 // null: zero
  int sign = 0;                  // of the read
  Flat readKey;
  SmallVector<Flat, 2> readFactors;
};

Value rootOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op) && !isa<onnx::TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

class OuterLaw {
public:
  OuterLaw(const LoopBody &body, unsigned state, bool transposed)
      : body(body), state(state), transposed(transposed), m(body.end()),
        init(body.init(state)), dims(dimsOf(init)) {
    batch.assign(dims.begin(), dims.end() - 2);
    keys = dims[dims.size() - (transposed ? 1 : 2)];
    values = dims[dims.size() - (transposed ? 2 : 1)];
  }

  std::optional<OuterProducts> find();

private:
  std::optional<Form> transfer(Operation *op, ArrayRef<Form> operands);
  std::optional<Form> matmul(Operation *op, const Form &x, const Form &y);
  std::optional<Form> multiply(Operation *op, const Form &x, const Form &y);
  std::optional<Form> add(Operation *op, Form x, Form y, bool subtract);
  std::optional<Form> reduce(onnx::ReduceSumOp op, const Form &x);
  std::optional<Form> outer(Value keyed, const Form &row);
  std::optional<Flat> flat(Value value, const DimExpr &size, Standing standing);
  std::optional<Standing> standingOf(Value value, const DimExpr &size) const;
  bool stands(Value value, Standing standing) const;
  std::optional<Flat> rows(Value value);
  std::optional<Value> scalar(Value value, size_t rank);
  Form read(const Form &matrix, Flat key);
  std::optional<Value> otherFactor(Value value, Value rate);
  bool finish(const Form &form, OuterProducts &found);
  bool findReads(OuterProducts &found);
  Value times(Value x, Value y) { return !x ? y : !y ? x : m.mul(x, y); }
  Dims with(const DimExpr &last) {
    Dims result(batch);
    result.push_back(last);
    return result;
  }

  const LoopBody &body;
  unsigned state;
  bool transposed;
  Arithmetic m;
  Value init;
  Dims dims, batch;
  DimExpr keys, values;
};

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
  size_t keyAxis = dims.size() - (transposed ? 1 : 2), valueAxis = dims.size() - (transposed ? 2 : 1);
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
      bool swaps = isa<onnx::MulOp>(product) && dimsOf(b).size() >= 2 && dimsOf(b).back().isConstant(1);
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
  if (x.kind != Form::Free || y.kind != Form::Vector || y.constant.value || y.negative != subtract ||
      dimsOf(op->getResult(0)) != dimsOf(op->getOperand(0)) ||
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

bool OuterLaw::finish(const Form &form, OuterProducts &found) {
  if (form.kind != Form::Matrix || form.turned || !form.updated)
    return false;
  Value decay;
  for (const Flat &factor : form.factors)
    decay = times(decay, factor.value);
  found.decay = decay;
  found.key = form.key.value;
  found.rate = form.rate;
  Value value = form.constant.value;
  bool negative = form.negative;
  if (form.sign == 0) {
    found.value = value;
  } else {
    found.delta = true;
    // The read must be of the decayed state, by the key that the correction is written with.
    bool same = form.readFactors.size() == form.factors.size();
    for (auto [a, b] : llvm::zip(form.readFactors, form.factors))
      same &= a.root == b.root;
    if (!same)
      return false;
    if (form.readKey.root != form.key.root) {
      // k b for the write and k for the read: b is the rate.
      auto mul = form.key.root.getDefiningOp<onnx::MulOp>();
      std::optional<Value> rate;
      for (unsigned i = 0; mul && i < 2; ++i)
        if (rootOf(mul->getOperand(i)) == form.readKey.root)
          rate = scalar(mul->getOperand(1 - i), dimsOf(mul.getResult()).size());
      if (!rate)
        return false;
      found.rate = times(found.rate, *rate);
      found.key = form.readKey.value;
    }
    // -(v + S k) is (-v) - S k; what adds the read instead of taking it away is no correction.
    if ((form.sign < 0) == negative)
      return false;
    if (!value)
      value = m.expandedTo(m.viewedAs(scalarConstant(m, elementOf(init), 0), {}), with(values), init);
    found.value = value;
  }
  if (negative)
    found.value = onnx::NegOp::create(m.b, m.loc, found.value.getType(), found.value);
  if (!found.delta && found.rate) { // a factor of the value
    found.value = m.mul(found.value, found.rate);
    found.rate = {};
  }
  return true;
}

/// Everything that uses the state outside of its update must read it by a vector.
bool OuterLaw::findReads(OuterProducts &found) {
  Component component = body.component({state});
  DenseSet<Operation *> inside(component.steps.begin(), component.steps.end());
  Form whole;
  whole.kind = Form::Matrix;
  for (bool before : {true, false}) {
    DenseMap<Value, Form> forms;
    SmallVector<Value> open = {before ? body.before(state) : body.after(state)};
    forms[open.front()] = whole;
    while (!open.empty()) {
      Value value = open.pop_back_val();
      for (OpOperand &use : value.getUses()) {
        Operation *op = use.getOwner();
        if (op == body.end() && use.getOperandNumber() == state)
          continue;
        if (before && inside.contains(op))
          continue;
        if (op->getBlock() != &body.block || op == body.end())
          return false;
        SmallVector<Form> operands;
        for (Value operand : op->getOperands()) {
          Form form;
          form.value = operand;
          if (auto known = forms.find(operand); known != forms.end())
            form = known->second;
          else if (body.depends(operand, state))
            return false;
          operands.push_back(form);
        }
        std::optional<Form> form = transfer(op, operands);
        Value result = form ? op->getResult(0) : Value();
        if (!form || form->updated)
          return false;
        if (form->kind == Form::Vector) {
          if (!form->readFactors.empty())
            return false;
          if (!llvm::is_contained(
                  llvm::map_range(found.reads, [](const auto &read) { return read.result; }), result))
            found.reads.push_back({form->readKey.value, result, before});
          continue;
        }
        if (form->kind != Form::Matrix)
          return false;
        if (forms.try_emplace(result, *form).second)
          open.push_back(result);
      }
    }
  }
  // What the update makes on its way must not be used by others, except what it reads itself.
  for (Operation *op : component.steps)
    if (op->getResult(0) != body.after(state))
      for (Operation *user : op->getResult(0).getUsers())
        if (!inside.contains(user))
          return false;
  return true;
}

std::optional<OuterProducts> OuterLaw::find() {
  OuterProducts found;
  found.transposed = transposed;
  Component component = body.component({state});
  Refusal refusal;
  auto forms = interpret<Form>(
      component,
      [&](unsigned) {
        Form form;
        form.kind = Form::Matrix;
        return form;
      },
      [&](Value value) {
        Form form;
        form.value = value;
        return form;
      },
      [&](Operation *op, ArrayRef<Form> operands, std::string &) { return transfer(op, operands); },
      refusal);
  if (!forms || !finish(forms->front(), found) || !findReads(found))
    return std::nullopt;
  found.proof = found.delta ? "the new state is the decayed old one, to which a key writes the "
                              "difference of a value and what it reads"
                            : "the new state is the decayed old one plus the product of a key and a "
                              "value";
  found.proof += "; it is read by vectors alone";
  return found;
}

} // namespace

std::optional<OuterProducts> findOuterProducts(const LoopBody &body, unsigned state) {
  Value init = body.init(state);
  Type element = elementOf(init);
  if (dimsOf(init).size() < 2 || (!element.isF32() && !element.isF64()))
    return std::nullopt;
  for (bool transposed : {false, true})
    if (auto found = OuterLaw(body, state, transposed).find())
      return found;
  return std::nullopt;
}

} // namespace heddle
