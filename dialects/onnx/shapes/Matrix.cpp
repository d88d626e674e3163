// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of matrices and attention.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The dimensions of a product; a vector counts as a matrix of one row or column that is dropped.
static FailureOr<Dims> matmulDims(Operation *op, const TensorFacts &a, const TensorFacts &b) {
  if (failed(expectRankAtLeast(op, "operands", a, 1)) ||
      failed(expectRankAtLeast(op, "operands", b, 1)))
    return failure();
  ArrayRef<DimExpr> left = a.dims, right = b.dims;
  const DimExpr &inner = right.size() == 1 ? right.front() : right[right.size() - 2];
  if (left.back().asConstant() && inner.asConstant() && left.back() != inner)
    return op->emitOpError("cannot multiply ") << describe(left) << " and " << describe(right);
  FailureOr<Dims> dims =
      broadcast(op, {left.size() > 2 ? left.drop_back(2) : ArrayRef<DimExpr>(),
                     right.size() > 2 ? right.drop_back(2) : ArrayRef<DimExpr>()});
  if (failed(dims))
    return failure();
  if (left.size() > 1)
    dims->push_back(left[left.size() - 2]);
  if (right.size() > 1)
    dims->push_back(right.back());
  return dims;
}

static LogicalResult inferMatMul(MatMulOp op, ShapeContext &context) {
  const TensorFacts &a = context.facts(op.getA()), &b = context.facts(op.getB());
  if (failed(expectSameType(op, a, b)))
    return failure();
  FailureOr<Dims> dims = matmulDims(op, a, b);
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), a.elementType, *dims);
  return success();
}

static LogicalResult inferMatMulInteger(MatMulIntegerOp op, ShapeContext &context) {
  FailureOr<Dims> dims = matmulDims(op, context.facts(op.getA()), context.facts(op.getB()));
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), IntegerType::get(op.getContext(), 32), *dims);
  return success();
}

static LogicalResult inferQLinearMatMul(QLinearMatMulOp op, ShapeContext &context) {
  FailureOr<Dims> dims = matmulDims(op, context.facts(op.getA()), context.facts(op.getB()));
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), context.facts(op.getYZeroPoint()).elementType, *dims);
  return success();
}

static LogicalResult inferGemm(GemmOp op, ShapeContext &context) {
  const TensorFacts &a = context.facts(op.getA()), &b = context.facts(op.getB());
  if (failed(expectRank(op, "A", a, 2)) || failed(expectRank(op, "B", b, 2)) ||
      failed(expectSameType(op, a, b)))
    return failure();
  bool transA = op.getTransA(), transB = op.getTransB();
  if (failed(unifyDims(op, "inner dimensions", a.dims[!transA], b.dims[transB])))
    return failure();
  Dims dims{a.dims[transA], b.dims[!transB]};
  if (const TensorFacts *c = optionalFacts(context, op.getC())) {
    // C is broadcast to the product, which keeps its own dimensions.
    if (c->rank() > 2)
      return op.emitOpError("expects C of rank 2 or less, got ") << describe(c->dims);
    if (failed(broadcast(op, {dims, c->dims})))
      return failure();
  }
  context.setFacts(op.getY(), a.elementType, dims);
  return success();
}

static LogicalResult inferDet(DetOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectRankAtLeast(op, "an operand", x, 2)) ||
      failed(unifyDims(op, "rows and columns", x.dims[x.rank() - 1], x.dims[x.rank() - 2])))
    return failure();
  context.setFacts(op.getY(), x.elementType, Dims(ArrayRef<DimExpr>(x.dims).drop_back(2)));
  return success();
}

namespace {
/// Collects the dimension of each label of an Einsum equation.
class EinsumLabels {
public:
  EinsumLabels(EinsumOp op) : op(op) {}

  LogicalResult addOperand(StringRef term, ArrayRef<DimExpr> dims) {
    size_t letters = 0;
    for (char c : term)
      letters += llvm::isAlpha(c);
    bool hasEllipsis = term.contains("...");
    if (letters > dims.size() || (!hasEllipsis && letters != dims.size()))
      return op.emitOpError("has term '") << term << "' for an operand of " << describe(dims);
    while (!term.empty()) {
      if (term.consume_front("...")) {
        ArrayRef<DimExpr> covered = dims.take_front(dims.size() - countLetters(term));
        FailureOr<Dims> joined = broadcast(op, {ellipsis, covered});
        if (failed(joined))
          return failure();
        ellipsis = *joined;
        dims = dims.drop_front(covered.size());
        continue;
      }
      char label = term.front();
      term = term.drop_front();
      if (!llvm::isAlpha(label))
        return op.emitOpError("has an unexpected '") << StringRef(&label, 1) << "' in its equation";
      DimExpr dim = dims.front();
      dims = dims.drop_front();
      if (auto found = sizes.find(label); found != sizes.end()) {
        // A dimension of one stands for any.
        FailureOr<DimExpr> joined = broadcastDim(op, found->second, dim);
        if (failed(joined))
          return failure();
        dim = *joined;
      }
      sizes[label] = dim;
      ++uses[label];
    }
    return success();
  }

  FailureOr<Dims> result(std::optional<StringRef> output) {
    Dims dims;
    if (!output) { // every label that occurs once, in alphabetical order
      dims = ellipsis;
      for (auto [label, count] : uses)
        if (count == 1)
          dims.push_back(sizes[label]);
      return dims;
    }
    while (!output->empty()) {
      if (output->consume_front("...")) {
        llvm::append_range(dims, ellipsis);
        continue;
      }
      char label = output->front();
      *output = output->drop_front();
      if (!sizes.count(label))
        return op.emitOpError("has the label '")
               << StringRef(&label, 1) << "' in its result and in none of its operands";
      dims.push_back(sizes[label]);
    }
    return dims;
  }

private:
  static size_t countLetters(StringRef text) { return llvm::count_if(text, llvm::isAlpha); }

  EinsumOp op;
  Dims ellipsis;
  std::map<char, DimExpr> sizes;
  std::map<char, int> uses;
};
} // namespace

static LogicalResult inferEinsum(EinsumOp op, ShapeContext &context) {
  std::string equation;
  for (char c : op.getEquation())
    if (c != ' ')
      equation += c;
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != op.getInputs().size())
    return op.emitOpError("has ") << terms.size() << " terms for " << op.getInputs().size()
                                  << " operands";
  EinsumLabels labels(op);
  for (auto [term, input] : llvm::zip(terms, op.getInputs()))
    if (failed(labels.addOperand(term, context.facts(input).dims)))
      return failure();
  FailureOr<Dims> dims =
      labels.result(StringRef(equation).contains("->") ? std::optional(right) : std::nullopt);
  if (failed(dims))
    return failure();
  context.setFacts(op.getOutput(), context.facts(op.getInputs().front()).elementType, *dims);
  return success();
}

/// Heads of no width would have any number, and what is done for each head would not end.
static constexpr int64_t mostHeads = 1 << 16;
static bool areHeads(int64_t count) { return count >= 1 && count <= mostHeads; }

/// A query, key or value as (batch, heads, sequence, head size).
static FailureOr<Dims> splitHeads(AttentionOp op, StringRef what, const TensorFacts &facts,
                                  std::optional<uint64_t> heads) {
  if (facts.rank() == 4)
    return facts.dims;
  if (failed(expectRank(op, what, facts, 3)))
    return failure();
  if (!heads || !areHeads(*heads))
    return op.emitOpError("expects q_num_heads and kv_num_heads for operands of rank 3, at most ")
           << mostHeads;
  int64_t count = int64_t(*heads);
  if (facts.dims[2].asConstant() && !facts.dims[2].divideExactly(count))
    return op.emitOpError("cannot divide ")
           << describe(facts.dims) << " among " << count << " heads";
  return Dims{facts.dims[0], count, facts.dims[1], facts.dims[2].floorDiv(count)};
}

static LogicalResult inferAttention(AttentionOp op, ShapeContext &context) {
  const TensorFacts &query = context.facts(op.getQ()), &value = context.facts(op.getV());
  const TensorFacts &key = context.facts(op.getK());
  FailureOr<Dims> q = splitHeads(op, "Q", query, op.getQNumHeads());
  FailureOr<Dims> k = splitHeads(op, "K", key, op.getKvNumHeads());
  FailureOr<Dims> v = splitHeads(op, "V", value, op.getKvNumHeads());
  if (failed(q) || failed(k) || failed(v))
    return failure();
  if (failed(unifyDims(op, "head sizes of Q and K", (*q)[3], (*k)[3])) ||
      failed(unifyDims(op, "sequence lengths of K and V", (*k)[2], (*v)[2])))
    return failure();
  DimExpr total = (*k)[2];
  if (const TensorFacts *past = optionalFacts(context, op.getPastKey())) {
    if (failed(expectRank(op, "a past key", *past, 4)))
      return failure();
    total = past->dims[2] + total;
  }
  Dims result = query.rank() == 4 ? Dims{(*q)[0], (*q)[1], (*q)[2], (*v)[3]}
                                  : Dims{(*q)[0], (*q)[2], (*q)[1] * (*v)[3]};
  context.setFacts(op.getY(), query.elementType, result);
  if (op.getPresentKey())
    context.setFacts(op.getPresentKey(), key.elementType, {(*k)[0], (*k)[1], total, (*k)[3]});
  if (op.getPresentValue())
    context.setFacts(op.getPresentValue(), value.elementType, {(*v)[0], (*v)[1], total, (*v)[3]});
  if (op.getQkMatmulOutput())
    context.setFacts(op.getQkMatmulOutput(), query.elementType, {(*q)[0], (*q)[1], (*q)[2], total});
  return success();
}

static LogicalResult inferLinearAttention(LinearAttentionOp op, ShapeContext &context) {
  const TensorFacts &query = context.facts(op.getQuery()), &value = context.facts(op.getValue());
  int64_t heads = op.getQNumHeads(), groups = op.getKvNumHeads();
  if (failed(expectRank(op, "a query", query, 3)) || failed(expectRank(op, "a value", value, 3)))
    return failure();
  if (!areHeads(heads) || !areHeads(groups) || heads % groups)
    return op.emitOpError("has ") << heads << " query heads and " << groups
                                  << " key and value heads, expected a multiple of at most "
                                  << mostHeads;
  DimExpr keySize = query.dims[2].floorDiv(heads), valueSize = value.dims[2].floorDiv(groups);
  context.setFacts(op.getOutput(), query.elementType,
                   {query.dims[0], query.dims[1], valueSize * heads});
  const TensorFacts *past = optionalFacts(context, op.getPastState());
  context.setFacts(op.getPresentState(), past ? past->elementType : query.elementType,
                   {query.dims[0], groups, keySize, valueSize});
  return success();
}

static LogicalResult inferRotaryEmbedding(RotaryEmbeddingOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (x.rank() != 4 && failed(expectRank(op, "an operand of rank 4 or", x, 3)))
    return failure();
  context.setFacts(op.getY(), x.elementType, x.dims);
  return success();
}

void heddle::onnx::attachMatrixShapes(MLIRContext *context) {
  attachRules<inferMatMul, inferMatMulInteger, inferQLinearMatMul, inferGemm, inferDet, inferEinsum,
              inferAttention, inferLinearAttention, inferRotaryEmbedding>(context);
}
