// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Attention as heddle.attention: what its attributes and operands do to scores becomes the region.
// Padded keys counted by an operand, exposed scores and a softmax of another precision stay for the
// runtime library.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDATTENTIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// An operand with heads as a dimension, and its axes in the order batch, heads, time, elements.
struct Heads {
  Value tensor;
  SmallVector<int64_t> axes;
  DimExpr size(unsigned logical) const { return dimsOf(tensor)[axes[logical]]; }
};

class Expansion {
public:
  explicit Expansion(onnx::AttentionOp op) : op(op), m(op) {}

  bool applies();
  void run();

private:
  Heads heads(Value operand, std::optional<uint64_t> count);
  Heads withPast(Heads now, Value past);
  Value inOrder(const Heads &operand);
  Value positions(const DimExpr &first, const DimExpr &count, bool asColumn);
  Value number(Type type, double value);
  Value score(Block *body);

  onnx::AttentionOp op;
  Arithmetic m;
  DimExpr past = 0, total, queries;
  double depth = 1; // of a head, where there is no scale
  Value mask;
};

bool Expansion::applies() {
  Type element = elementOf(op.getQ());
  auto isFloat = [](Type type) {
    return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
  };
  if (op.getNonpadKvSeqlen() || op.getQkMatmulOutput() || !isFloat(element) ||
      elementOf(op.getK()) != element || elementOf(op.getV()) != element)
    return false;
  // 1 is float, 11 double: what the kernel computes with.
  if (auto precision = op.getSoftmaxPrecision())
    if (static_cast<int64_t>(*precision) != (element.isF64() ? 11 : 1))
      return false;
  if (static_cast<bool>(op.getPastKey()) != static_cast<bool>(op.getPastValue()))
    return false;
  unsigned rank = dimsOf(op.getQ()).size();
  if ((rank != 3 && rank != 4) || dimsOf(op.getK()).size() != rank ||
      dimsOf(op.getV()).size() != rank || static_cast<int64_t>(op.getLeftWindowSize()) < -1 ||
      static_cast<int64_t>(op.getRightWindowSize()) < -1)
    return false;
  DimExpr length = dimsOf(op.getK())[rank == 3 ? 1 : 2];
  if (op.getPastKey())
    past = dimsOf(op.getPastKey())[2];
  total = past + length;
  queries = dimsOf(op.getQ())[rank == 3 ? 1 : 2];
  auto count = [&](Value operand, std::optional<uint64_t> packed) {
    return rank == 3 ? DimExpr(packed ? static_cast<int64_t>(*packed) : 0) : dimsOf(operand)[1];
  };
  DimExpr all = count(op.getQ(), op.getQNumHeads()), shared = count(op.getK(), op.getKvNumHeads());
  if (all.isConstant(0) || shared.isConstant(0) || count(op.getV(), op.getKvNumHeads()) != shared ||
      (all != shared && !all.divideExactly(shared)))
    return false;
  DimExpr batch = dimsOf(op.getQ())[0];
  for (Value operand : {op.getK(), op.getV()})
    if (dimsOf(operand)[0] != batch || dimsOf(operand)[rank == 3 ? 1 : 2] != length)
      return false;
  if (op.getPastKey())
    for (auto [now, before] :
         {std::pair(op.getK(), op.getPastKey()), std::pair(op.getV(), op.getPastValue())}) {
      Dims dims = dimsOf(before);
      DimExpr size = rank == 3 ? dimsOf(now)[2].floorDiv(shared) : dimsOf(now)[3];
      if (dims.size() != 4 || dims[0] != batch || dims[1] != shared || dims[2] != past ||
          dims[3] != size || elementOf(before) != element)
        return false;
    }
  if (!op.getScale()) {
    DimExpr size = rank == 3 ? dimsOf(op.getQ())[2].floorDiv(all) : dimsOf(op.getQ())[3];
    if (!size.asConstant())
      return false;
    depth = static_cast<double>(std::max<int64_t>(*size.asConstant(), 1));
  }
  mask = op.getAttnMask();
  if (!mask)
    return true;
  // Shorter masks hide the keys behind them.
  Dims dims = dimsOf(mask);
  if (dims.empty() || dims.size() > 4 || dims.back() != total ||
      (elementOf(mask) != element && !elementOf(mask).isInteger(1)))
    return false;
  Dims space = {batch, all, queries, total};
  for (auto [dim, size] : llvm::zip(dims, ArrayRef(space).take_back(dims.size())))
    if (dim != size && !dim.isConstant(1))
      return false;
  return true;
}

Heads Expansion::heads(Value operand, std::optional<uint64_t> count) {
  Dims dims = dimsOf(operand);
  if (dims.size() == 4)
    return {operand, {0, 1, 2, 3}};
  DimExpr number = static_cast<int64_t>(*count);
  return {m.viewedAs(operand, {dims[0], dims[1], number, dims[2].floorDiv(number)}), {0, 2, 1, 3}};
}

Value Expansion::inOrder(const Heads &operand) {
  return m.transposed(operand.tensor, operand.axes);
}

Heads Expansion::withPast(Heads now, Value before) {
  if (!before)
    return now;
  Value entries = inOrder(now);
  Dims dims = dimsOf(entries);
  dims[2] = total;
  Value all = onnx::ConcatOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(entries)),
                                     ValueRange{before, entries}, /*axis=*/2);
  return {all, {0, 1, 2, 3}};
}

/// first, first + 1, ... as a row or a column.
Value Expansion::positions(const DimExpr &first, const DimExpr &count, bool asColumn) {
  auto scalar = [&](const DimExpr &expr) -> Value {
    SmallVector<Value> sources{op.getQ(), op.getK()}; // what defines the symbols
    if (op.getPastKey())
      sources.push_back(op.getPastKey());
    return IndexTensorOp::create(m.b, m.loc, RankedTensorType::get({}, m.b.getI64Type()),
                                 m.b.getStrArrayAttr({expr.str()}), sources)
        .getValue();
  };
  Value all = onnx::RangeOp::create(m.b, m.loc, tensorWithDims({count}, m.b.getI64Type()),
                                    scalar(first), scalar(first + count), scalar(1),
                                    /*stash_type=*/1);
  return asColumn ? m.viewedAs(all, {count, DimExpr(1)}) : all;
}

Value Expansion::number(Type type, double value) {
  auto tensor = RankedTensorType::get({}, type);
  APFloat exact(value);
  bool lossy;
  exact.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lossy);
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{tensor}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(tensor, exact));
  return constant.getResult();
}

/// Builds the region: its arguments are the products, the mask, positions of queries and of keys.
Value Expansion::score(Block *body) {
  Value score = body->getArgument(0);
  Type element = elementOf(score);
  unsigned next = 1;
  Value none = number(element, -std::numeric_limits<double>::infinity());
  double scale = op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(depth);
  score = m.mul(score, number(element, scale));
  if (double cap = op.getSoftcap().convertToDouble(); cap > 0) {
    Value inside = m.div(score, number(element, cap));
    score = m.mul(onnx::TanhOp::create(m.b, m.loc, score.getType(), inside), number(element, cap));
  }
  auto keep = [&](Value condition) {
    score = onnx::WhereOp::create(m.b, m.loc, score.getType(), condition, score, none);
  };
  if (mask) {
    Value argument = body->getArgument(next++);
    if (elementOf(argument).isInteger(1))
      keep(argument);
    else
      score = m.add(score, argument);
  }
  int64_t left = op.getLeftWindowSize(),
          right = op.getIsCausal() ? 0 : int64_t(op.getRightWindowSize());
  auto integer = [&](int64_t value) {
    auto type = RankedTensorType::get({}, m.b.getI64Type());
    auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
    constant.setValueAttr(DenseElementsAttr::get(type, value));
    return constant.getResult();
  };
  auto compare = [&](auto makeOp, Value keys, Value bound) {
    Dims space = {queries, total};
    keep(makeOp(tensorWithDims(space, m.b.getI1Type()), keys, bound));
  };
  if (left < 0 && right < 0)
    return score;
  Value rows = body->getArgument(next), keys = body->getArgument(next + 1);
  if (right >= 0)
    compare([&](Type type, Value x,
                Value y) -> Value { return onnx::LessOrEqualOp::create(m.b, m.loc, type, x, y); },
            keys, m.add(rows, integer(right)));
  if (left >= 0)
    compare(
        [&](Type type, Value x, Value y) -> Value {
          return onnx::GreaterOrEqualOp::create(m.b, m.loc, type, x, y);
        },
        keys, m.sub(rows, integer(left)));
  return score;
}

void Expansion::run() {
  Heads q = heads(op.getQ(), op.getQNumHeads()), k = heads(op.getK(), op.getKvNumHeads()),
        v = heads(op.getV(), op.getKvNumHeads());
  k = withPast(k, op.getPastKey());
  v = withPast(v, op.getPastValue());
  Dims space = {q.size(0), q.size(1), queries, total};
  SmallVector<Value> extras;
  if (mask)
    extras.push_back(mask);
  bool hasWindow = op.getIsCausal() || static_cast<int64_t>(op.getLeftWindowSize()) >= 0 ||
                   static_cast<int64_t>(op.getRightWindowSize()) >= 0;
  if (hasWindow) {
    extras.push_back(positions(past, queries, /*asColumn=*/true));
    extras.push_back(positions(0, total, /*asColumn=*/false));
  }
  auto order = [&](const Heads &operand) { return m.b.getDenseI64ArrayAttr(operand.axes); };
  SmallVector<int64_t> resultAxes = q.axes;
  Dims logical = {space[0], space[1], queries, v.size(3)}, stored;
  for (int64_t axis : resultAxes)
    stored.push_back(logical[axis]);
  auto attention =
      AttentionOp::create(m.b, m.loc, tensorWithDims(stored, elementOf(op.getY())), q.tensor,
                          k.tensor, v.tensor, extras, order(q), order(k), order(v),
                          m.b.getDenseI64ArrayAttr(resultAxes), /*shares_keys=*/false,
                          /*in_parts=*/false, "zero");
  Block *body = m.b.createBlock(&attention.getScores());
  body->addArgument(tensorWithDims(space, elementOf(op.getQ())), m.loc);
  for (Value extra : extras)
    body->addArgument(extra.getType(), m.loc);
  YieldOp::create(m.b, m.loc, score(body));
  m.b.setInsertionPoint(op);
  Value result = attention.getOutput();
  op.getY().replaceAllUsesWith(dimsOf(op.getY()) == stored ? result
                                                           : m.viewedAs(result, dimsOf(op.getY())));
  if (op.getPresentKey())
    op.getPresentKey().replaceAllUsesWith(inOrder(k));
  if (op.getPresentValue())
    op.getPresentValue().replaceAllUsesWith(inOrder(v));
  op.erase();
}

struct ExpandAttention : impl::ExpandAttentionPassBase<ExpandAttention> {
  void runOnOperation() override {
    SmallVector<onnx::AttentionOp> ops;
    getOperation().walk([&](onnx::AttentionOp op) { ops.push_back(op); });
    for (onnx::AttentionOp op : ops)
      if (Expansion expansion(op); expansion.applies())
        expansion.run();
  }
};

} // namespace
} // namespace heddle
