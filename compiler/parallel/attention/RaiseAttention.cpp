// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds attention in the source: a product of queries and keys, anything done to its elements, a
// softmax of rows, a product of that with values. Scales, masks and positions stay as they are
// spelled: they become the region of the operation. What only says where elements are (transposes,
// reshapes of batch dimensions, keys repeated for heads that share them) is read through.

#include "compiler/Passes.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/attention/AttentionMatch.h"
#include "compiler/parallel/attention/WrittenSoftmax.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_RAISEATTENTIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// A number that is part of the code; what a lowering reads while compiling is one too.
bool isPartOfCode(OpOperand &operand) {
  Operation *producer = operand.get().getDefiningOp();
  return isParameter(operand) ||
         (isa_and_nonnull<onnx::ConstantOp>(producer) && isa<FloatType>(elementOf(operand.get())) &&
          isSingle(operand.get()));
}

Value scaled(OpBuilder &b, Location loc, Value value, double factor) {
  if (factor == 1)
    return value;
  auto type = RankedTensorType::get({}, elementOf(value));
  APFloat number(factor);
  bool lossy;
  number.convert(cast<FloatType>(type.getElementType()).getFloatSemantics(),
                 APFloat::rmNearestTiesToEven, &lossy);
  auto constant = onnx::ConstantOp::create(b, loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, number));
  return onnx::MulOp::create(b, loc, value.getType(), value, constant.getResult());
}

/// Builds the region's operations on its products.
Value buildScores(AttentionMatch &match, AttentionOp op, OpBuilder &b) {
  IRMapping mapping;
  for (auto [extra, argument] :
       llvm::zip(op.getExtras(), op.getScores().getArguments().drop_front()))
    mapping.map(extra, argument);
  Value current = op.getProducts();
  double pending = match.factor;
  for (auto [source, operand] : llvm::zip(match.chain, match.chained)) {
    if (keepsRows(source))
      continue;
    if (auto scale = scaledBy(source); scale && scale->first == operand) {
      pending *= scale->second;
      continue;
    }
    current = scaled(b, source->getLoc(), current, pending);
    pending = 1;
    for (OpOperand &other : source->getOpOperands())
      if (other.get() != operand && isPartOfCode(other))
        cloneParameter(other.get(), b, mapping);
    mapping.map(operand, current);
    Operation *copy = b.clone(*source, mapping);
    current = copy->getResult(0);
    current.setType(tensorWithDims(match.space, elementOf(current)));
  }
  return scaled(b, match.softmax.getLoc(), current, pending);
}

void rewrite(AttentionMatch &match) {
  llvm::SetVector<Value> extras;
  for (auto [source, operand] : llvm::zip(match.chain, match.chained)) {
    auto scale = scaledBy(source);
    if (keepsRows(source) || (scale && scale->first == operand))
      continue;
    for (OpOperand &other : source->getOpOperands())
      if (other.get() != operand && !isPartOfCode(other))
        extras.insert(other.get());
  }
  // The result, and how much of what follows only says where its elements are.
  Operation *last = match.valueProduct->op;
  Value replaced = last->getResult(0);
  Dims logical(match.space.begin(), match.space.end() - 1);
  logical.push_back(dimsOf(match.value.tensor)[match.value.axes.back()]);
  SmallVector<int64_t> axes = match.valueProduct->resultAxes;
  auto onlyUser = [&]() { return replaced.hasOneUse() ? *replaced.getUsers().begin() : nullptr; };
  bool regrouped = match.space != match.valueProduct->weights;
  if (regrouped) {
    axes = llvm::to_vector(llvm::seq<int64_t>(0, logical.size()));
    Operation *user = onlyUser();
    if (user && keepsRows(user) && dimsOf(user->getResult(0)) == logical) {
      replaced = user->getResult(0);
      regrouped = false;
    }
  }
  auto transpose = dyn_cast_or_null<onnx::TransposeOp>(regrouped ? nullptr : onlyUser());
  if (transpose && transpose.getPermAttr() &&
      transpose.getPermAttr().asArrayRef().back() + 1 == static_cast<int64_t>(axes.size())) {
    SmallVector<int64_t> order;
    for (int64_t axis : transpose.getPermAttr().asArrayRef())
      order.push_back(axes[axis]);
    axes = order;
    replaced = transpose.getResult();
  }
  Dims stored;
  for (int64_t axis : axes)
    stored.push_back(logical[axis]);

  OpBuilder b(last);
  auto orderOf = [&](ArrayRef<int64_t> order) {
    return llvm::is_sorted(order) ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(order);
  };
  Location loc = FusedLoc::get(b.getContext(), {match.scoreProduct->result.getLoc(),
                                                match.softmax.getLoc(), last->getLoc()});
  auto op = AttentionOp::create(
      b, loc, tensorWithDims(stored, elementOf(replaced)), match.query.tensor, match.key.tensor,
      match.value.tensor, extras.getArrayRef(), orderOf(match.query.axes), orderOf(match.key.axes),
      orderOf(match.value.axes), orderOf(axes), match.key.sharesTime || match.value.sharesTime,
      /*in_parts=*/false, match.undefined);
  Block *body = b.createBlock(&op.getScores());
  body->addArgument(tensorWithDims(match.space, elementOf(match.scoreProduct->result)), loc);
  for (Value extra : extras)
    body->addArgument(extra.getType(), extra.getLoc());
  Value scores = buildScores(match, op, b);
  YieldOp::create(b, loc, scores);
  b.setInsertionPoint(last);
  Value result = op.getOutput();
  if (regrouped)
    result = Arithmetic(last).viewedAs(result, dimsOf(replaced));
  replaced.replaceAllUsesWith(result);

  noteFinding(op, {.kind = "attention",
                   .summary = "attention of " + match.space[match.space.size() - 2].str() +
                              " queries over " + match.space.back().str() + " keys",
                   .proof = "each row of scores is used by one softmax, and its weights by one "
                            "product; what is done to scores is done to each alone",
                   .equivalence = Equivalence::Reassociation});
}

struct RaiseAttention : impl::RaiseAttentionPassBase<RaiseAttention> {
  void runOnOperation() override {
    SmallVector<onnx::DivOp> quotients;
    getOperation().walk([&](onnx::DivOp op) { quotients.push_back(op); });
    for (onnx::DivOp quotient : quotients)
      raiseSoftmax(quotient);
    SmallVector<onnx::SoftmaxOp> softmaxes;
    getOperation().walk([&](onnx::SoftmaxOp op) { softmaxes.push_back(op); });
    for (onnx::SoftmaxOp softmax : softmaxes) {
      AttentionMatch match(softmax);
      if (match.match()) {
        rewrite(match);
        ++numRaised;
      } else if (!match.reason.empty()) {
        recordSequential(softmax, match.reason);
      }
    }
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};

} // namespace
} // namespace heddle
