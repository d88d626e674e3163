// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/attention/AttentionMatch.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {

bool keepsRows(Operation *op) {
  if (!mayBe(OperationKind::View, op->getName()) || operationKind(op) != OperationKind::View)
    return false;
  Dims from = dimsOf(op->getOperand(0)), to = dimsOf(op->getResult(0));
  return !from.empty() && !to.empty() && from.back() == to.back();
}

static bool isFloatCast(Operation *op) {
  return isa<onnx::CastOp>(op) && isa<FloatType>(elementOf(op->getOperand(0))) &&
         isa<FloatType>(elementOf(op->getResult(0)));
}

static std::string nameOf(Operation *op) {
  std::string text = op->getName().stripDialect().str();
  if (auto node = dyn_cast<NameLoc>(op->getLoc()))
    text += " '" + node.getName().str() + "'";
  return text;
}

/// From the softmax to the product with values.
bool AttentionMatch::followWeights() {
  Value weights = softmax.getOutput();
  for (;;) {
    SmallVector<Operation *> users(weights.getUsers());
    if (users.size() == 2) { // Where(IsNaN(weights), 0, weights)
      auto where = dyn_cast<onnx::WhereOp>(users[0]);
      auto isNan = dyn_cast<onnx::IsNaNOp>(users[1]);
      if (!where) {
        where = dyn_cast<onnx::WhereOp>(users[1]);
        isNan = dyn_cast<onnx::IsNaNOp>(users[0]);
      }
      if (where && isNan && where.getCondition() == isNan.getResult() && where.getY() == weights &&
          where.getX() != weights && isNan->hasOneUse() && knownNumber(where.getX()) == 0.0 &&
          dimsOf(where.getResult()) == dimsOf(weights)) {
        undefined = "zero_nan";
        weights = where.getResult();
        continue;
      }
    }
    if (users.empty())
      return false;
    if (users.size() != 1)
      return fail("the weights of " + nameOf(softmax) + " are needed as a whole, also by " +
                  nameOf(users.front()));
    if (users[0]->getBlock() != softmax->getBlock())
      return fail("the weights of " + nameOf(softmax) + " are used in a branch or a loop only");
    if (isFloatCast(users[0]) || keepsRows(users[0])) {
      weights = users[0]->getResult(0);
      continue;
    }
    valueProduct = ValueProduct::of(users[0], weights);
    if (!valueProduct)
      return fail("the weights of " + nameOf(softmax) + " go to " + nameOf(users[0]) +
                  " and not as they are to a product with values");
    return true;
  }
}

/// Equal but for the last dimension, which a mask whose length is another symbol may seem to widen.
static bool agreeOnRows(Value value, const Dims &dims) {
  if (!hasKnownDims(value.getType()))
    return false;
  Dims other = dimsOf(value);
  return !dims.empty() && other.size() == dims.size() &&
         ArrayRef(other).drop_back() == ArrayRef(dims).drop_back();
}

/// From the softmax back to the product of queries and keys.
bool AttentionMatch::findScores(Value score, unsigned depth) {
  Operation *op = score.getDefiningOp();
  if (!op || depth == 0 || op->getBlock() != softmax->getBlock())
    return false;
  bool isWhole = !score.hasOneUse();
  if ((scoreProduct = ScoreProduct::of(op))) {
    if (!isWhole)
      return true;
    scoreProduct.reset();
    return fail("the products of " + nameOf(op) + " are needed as a whole by several operations");
  }
  if (isWhole)
    return fail("the scores of " + nameOf(op) + " are needed as a whole by several operations");
  bool isElementwise = op->getNumResults() == 1 && isa<FloatType>(elementOf(score)) &&
                       accessPattern(op) == AccessPattern::Elementwise;
  if (!isElementwise && !keepsRows(op))
    return fail(nameOf(op) +
                " is between products and softmax, and does not treat each score alone");
  for (Value operand : op->getOperands()) {
    bool reaches = isElementwise
                       ? agreeOnRows(operand, dimsOf(score)) && isa<FloatType>(elementOf(operand))
                       : operand == op->getOperand(0);
    if (reaches && findScores(operand, depth - 1)) {
      chain.push_back(op);
      chained.push_back(operand);
      reason.clear(); // of an operand that was tried before
      return true;
    }
  }
  return false;
}

/// Operations between products and softmax of what may be meant as attention.
static constexpr unsigned kNear = 6;

static bool isProduct(Operation *op) {
  return isa<onnx::MatMulOp, onnx::GemmOp, onnx::EinsumOp>(op);
}

/// Whether weights are used by a product at all, in whatever way.
static bool goesToProduct(Value weights, unsigned depth) {
  return llvm::any_of(weights.getUsers(), [&](Operation *user) {
    return isProduct(user) || (depth > 0 && user->getNumResults() == 1 &&
                               goesToProduct(user->getResult(0), depth - 1));
  });
}

/// Whether scores are made of products at all, in whatever way.
static bool comesFromProduct(Value score, unsigned depth) {
  Operation *op = score.getDefiningOp();
  if (!op || depth == 0 || op->getNumResults() != 1 || !isa<FloatType>(elementOf(score)))
    return false;
  return isProduct(op) || llvm::any_of(op->getOperands(), [&](Value operand) {
           return hasKnownDims(operand.getType()) && dimsOf(operand).size() >= 2 &&
                  comesFromProduct(operand, depth - 1);
         });
}

/// The dimensions that the elementwise operations see. Those on one number see any.
bool AttentionMatch::chooseSpace() {
  Dims products = dimsOf(scoreProduct->result);
  // Scores are as many as values, or the product with them would fail: if these are as many as keys,
  // no mask has made the scores more.
  const DimExpr &keys = products.back();
  AttentionOperand &values = valueProduct->value;
  DimExpr valueCount = dimsOf(values.tensor)[values.axes[values.axes.size() - 2]];
  if (valueProduct->weights.back() != keys && valueCount != keys)
    return fail("it is not known that there are as many scores (" +
                valueProduct->weights.back().str() + ") as keys (" + keys.str() + ")");
  valueProduct->weights.back() = keys;
  std::optional<Dims> seen;
  unsigned greatestRank = 0;
  for (auto [op, operand] : llvm::zip(chain, chained)) {
    if (keepsRows(op))
      continue;
    for (Value other : op->getOperands()) {
      greatestRank = std::max<unsigned>(greatestRank, dimsOf(other).size() * isSingle(other));
      if (other == operand || isSingle(other))
        continue;
      if (seen && !agreeOnRows(operand, *seen))
        return fail("scores are computed under several shapes");
      seen = dimsOf(operand);
      seen->back() = keys;
    }
  }
  space = seen.value_or(products);
  ArrayRef<DimExpr> here(space), there(products), last(valueProduct->weights);
  if (here.size() < 2 || here.take_back(2) != there.take_back(2) ||
      here.take_back(2) != last.take_back(2) || greatestRank > space.size())
    return fail("scores are computed under a shape that splits queries");
  return true;
}

/// The operand with the batch dimensions of the scores, where these were joined or split.
static bool regroup(AttentionOperand &operand, const Dims &space, Operation *before) {
  int64_t rank = operand.axes.size();
  Dims dims = dimsOf(operand.tensor), grouped(space.begin(), space.end() - 2);
  if (ArrayRef(dims).drop_back(2) == ArrayRef(grouped))
    return true;
  for (int64_t axis = 0; axis + 2 < rank; ++axis)
    if (operand.axes[axis] != axis)
      return false;
  if (countElements(grouped) != countElements(ArrayRef(dims).drop_back(2)))
    return false;
  grouped.append(dims.end() - 2, dims.end());
  operand.tensor = Arithmetic(before).viewedAs(operand.tensor, grouped);
  // The two last axes stay as they are, in whichever order.
  int64_t moved = static_cast<int64_t>(grouped.size()) - rank;
  int64_t tail[] = {operand.axes[rank - 2] + moved, operand.axes[rank - 1] + moved};
  operand.axes = llvm::to_vector(llvm::seq<int64_t>(0, rank + moved - 2));
  llvm::append_range(operand.axes, tail);
  return true;
}

bool AttentionMatch::readOperands() {
  query = scoreProduct->query;
  key = scoreProduct->key;
  value = valueProduct->value;
  Type element = elementOf(query.tensor);
  if (!isa<FloatType>(element) || elementOf(key.tensor) != element ||
      elementOf(value.tensor) != element)
    return fail("queries, keys and values are of different types");
  bool regroups = space != dimsOf(scoreProduct->result) || space != valueProduct->weights;
  for (AttentionOperand *operand : {&query, &key, &value}) {
    operand->simplify();
    if (regroups) {
      if (!regroup(*operand, space, valueProduct->op))
        return fail("batch dimensions are joined in a way that operands do not follow");
      operand->simplify();
    }
    if (!operand->isReadable())
      return fail("the elements of an operand of " + nameOf(valueProduct->op) +
                  " do not lie side by side");
  }
  auto batchOf = [&](const AttentionOperand &operand, unsigned axis) {
    return dimsOf(operand.tensor)[operand.axes[axis]];
  };
  for (unsigned axis = 0; axis + 2 < space.size(); ++axis)
    for (const AttentionOperand *operand : {&query, &key, &value}) {
      DimExpr size = batchOf(*operand, axis);
      bool isShared = size.isConstant(1) || (operand != &query && space[axis].divideExactly(size));
      if (size != space[axis] && !isShared)
        return fail("queries and keys have batch dimensions of " + space[axis].str() + " and " +
                    size.str());
    }
  for (const AttentionOperand *operand : {&key, &value})
    if ((key.sharesTime || value.sharesTime) && !operand->sharesTime &&
        batchOf(*operand, space.size() - 2) != space.back())
      return fail("keys and values are not known to be equally many");
  factor = scoreProduct->factor * query.factor * key.factor;
  bool keepsOrder = valueProduct->resultAxes.back() + 1 ==
                        static_cast<int64_t>(valueProduct->resultAxes.size()) &&
                    (!regroups || llvm::is_sorted(valueProduct->resultAxes));
  return keepsOrder || fail("the product with values puts its columns elsewhere than last");
}

bool AttentionMatch::match() {
  Value scores = softmax.getInput();
  int64_t rank = dimsOf(scores).size(), axis = softmax.getAxis();
  if (rank < 2 || (axis != -1 && axis != rank - 1))
    return false;
  bool hasValues = followWeights();
  std::string whyNoValues = std::exchange(reason, "");
  // One product alone is no attention: then there is nothing to say.
  if (!findScores(scores, 32)) {
    if (!hasValues || !comesFromProduct(scores, kNear))
      reason.clear();
    return false;
  }
  if (!hasValues) {
    if (goesToProduct(softmax.getOutput(), kNear))
      reason = whyNoValues;
    return false;
  }
  return chooseSpace() && readOperands();
}

} // namespace heddle
