// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channels that a convolution makes in runs, one for each of its groups, and that are wanted in turns,
// as between the grouped convolutions of ShuffleNet: it stores them there. What is done to its results
// element by element goes with them, and numbers for each channel change places as channels do.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/source/Arithmetic.h"
#include "compiler/source/CropUnread.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FOLDSHUFFLESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Channel r * length + i of `from` is channel i * runs + r of `to`.
struct Shuffle {
  Value from;
  onnx::ReshapeOp to;
  int64_t runs, length;
};

/// Reshape, Transpose, Reshape: channels in two axes, which change places.
std::optional<Shuffle> shuffleOf(onnx::TransposeOp transpose) {
  auto apart = transpose.getData().getDefiningOp<onnx::ReshapeOp>();
  // Whoever else reads the channels in two axes wants them in their order.
  if (!apart || !apart->hasOneUse() || !transpose->hasOneUse() || !transpose.getPerm())
    return std::nullopt;
  auto together = dyn_cast<onnx::ReshapeOp>(*transpose->user_begin());
  if (!together || together.getReshaped().getType() != apart.getData().getType())
    return std::nullopt;
  Dims channels = dimsOf(apart.getData()), split = dimsOf(transpose.getData());
  auto exchanged = llvm::to_vector(llvm::seq<int64_t>(0, split.size()));
  if (channels.size() < 3 || split.size() != channels.size() + 1)
    return std::nullopt;
  std::swap(exchanged[1], exchanged[2]);
  std::optional<int64_t> runs = split[1].asConstant(), length = split[2].asConstant();
  bool keepsOthers =
      split[0] == channels[0] && ArrayRef(split).drop_front(3) == ArrayRef(channels).drop_front(2);
  if (!runs || !length || !keepsOthers || !channels[1].isConstant(*runs * *length) ||
      *transpose.getPerm() != ArrayRef<int64_t>(exchanged))
    return std::nullopt;
  return Shuffle{apart.getData(), together, *runs, *length};
}

/// Numbers for each channel, in the channels' new order. They have no other axis than that of
/// channels and of batches.
Value shuffled(Arithmetic &a, Value numbers, unsigned spatialAxes, const Shuffle &shuffle) {
  Dims dims = dimsOf(numbers);
  if (dims.size() <= spatialAxes)
    return numbers;
  size_t axis = dims.size() - spatialAxes - 1;
  if (dims[axis].isConstant(1))
    return numbers;
  Dims split = dims;
  split[axis] = shuffle.runs;
  split.insert(split.begin() + axis + 1, DimExpr(shuffle.length));
  return a.viewedAs(a.exchanged(a.viewedAs(numbers, split), axis, axis + 1), dims);
}

/// The convolution that makes a value, alone and element by element; the operations between are
/// appended, the last one first.
onnx::ConvOp makerOf(Value value, SmallVectorImpl<Operation *> &between) {
  while (Operation *op = value.getDefiningOp()) {
    if (!value.hasOneUse())
      return {};
    if (auto conv = dyn_cast<onnx::ConvOp>(op))
      return conv;
    value = spatialOperand(op);
    if (!value)
      return {};
    between.push_back(op);
  }
  return {};
}

struct FoldShuffles : impl::FoldShufflesPassBase<FoldShuffles> {
  void runOnOperation() override {
    SmallVector<onnx::TransposeOp> transposes;
    getOperation().walk([&](onnx::TransposeOp op) { transposes.push_back(op); });
    for (onnx::TransposeOp transpose : transposes)
      if (std::optional<Shuffle> shuffle = shuffleOf(transpose))
        numFolded += fold(transpose, *shuffle);
  }

private:
  static bool fold(onnx::TransposeOp transpose, const Shuffle &shuffle) {
    SmallVector<Operation *> between;
    onnx::ConvOp conv = makerOf(shuffle.from, between);
    if (!conv || conv->getBlock() != transpose->getBlock() || conv->hasAttr(kShuffledRuns) ||
        !isEmittedContraction(conv) || hasSinglePixel(conv))
      return false;
    for (Operation *op : between) {
      Arithmetic a(op);
      Value source = spatialOperand(op);
      unsigned spatialAxes = dimsOf(op->getResult(0)).size() - 2;
      for (OpOperand &operand : op->getOpOperands())
        if (operand.get() != source && isa<RankedTensorType>(operand.get().getType()))
          operand.set(shuffled(a, operand.get(), spatialAxes, shuffle));
    }
    conv->setAttr(kShuffledRuns,
                  DenseI64ArrayAttr::get(conv.getContext(), {shuffle.runs, shuffle.length}));
    onnx::ReshapeOp to = shuffle.to, apart = transpose.getData().getDefiningOp<onnx::ReshapeOp>();
    to.getReshaped().replaceAllUsesWith(shuffle.from);
    to->erase();
    transpose->erase();
    apart->erase();
    return true;
  }
};

} // namespace
} // namespace heddle
