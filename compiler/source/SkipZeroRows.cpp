// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of a constant matrix that are zero, above and below the others: what they are multiplied with
// makes no difference as long as it is finite. Mel filters of a spectrogram are such: they read half
// of the frequencies, and each costs as much as the others.
//
// What is multiplied is followed back, element-wise, to convolutions of one value, whose magnitude
// bounds all that is made of it. Where it is small enough the program computes what is read alone,
// else all: so what is not finite shows as it always did.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "compiler/source/ChannelChain.h"
#include "compiler/source/ConstantFloats.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SKIPZEROROWSPASS
#include "compiler/Passes.h.inc"

namespace {

/// Magnitudes below which a model's inputs may be expected.
constexpr double kUsual = 1e9;

/// The rows of a matrix (or its columns) that are not zero are among [begin, end).
struct LiveRows {
  int64_t begin, end, all;

  /// Others are worth a second copy of the weights.
  bool areFew() const { return begin < end && 4 * (end - begin) <= 3 * all; }
};

LiveRows liveRows(Value matrix, int64_t axis) {
  std::optional<ConstantFloats> values = ConstantFloats::of(matrix);
  Dims dims = dimsOf(matrix);
  if (!values || dims.size() != 2)
    return {0, 0, 0};
  int64_t columns = *dims[1].asConstant();
  LiveRows live{*dims[axis].asConstant(), 0, *dims[axis].asConstant()};
  for (int64_t at = 0; at < values->size(); ++at) {
    int64_t row = axis == 0 ? at / columns : at % columns;
    if ((*values)[at] != 0) {
      live.begin = std::min(live.begin, row);
      live.end = std::max(live.end, row + 1);
    }
  }
  return live;
}

/// A product in question: with the matrix as one operand, and channels as the other.
struct Reader {
  onnx::MatMulOp product;
  unsigned matrix; // the operand

  int64_t rows() const { return matrix == 1 ? 0 : 1; } // the matrix' axis that is summed over
  Value channels() const { return product->getOperand(1 - matrix); }
  int64_t channelAxis() const { return dimsOf(channels()).size() - (matrix == 1 ? 1 : 2); }
};

class Rewrite {
public:
  Rewrite(Reader reader, const ChannelChain &chain, const LiveRows &live)
      : reader(reader), chain(chain), live(live), m(reader.product) {}

  void run() {
    // What is read of weights is known while compiling.
    for (Operation *op : chain.operations)
      for (OpOperand &operand : op->getOpOperands())
        if (auto found = chain.weights.find(&operand); found != chain.weights.end())
          read[&operand] = m.sliced(operand.get(), found->second, live.begin, live.end);
    OpOperand &matrix = reader.product->getOpOperand(reader.matrix);
    read[&matrix] = m.sliced(matrix.get(), reader.rows(), live.begin, live.end);
    auto scalar = tensorWithDims({}, elementOf(chain.source));
    Value magnitude = onnx::ReduceL1Op::create(m.b, m.loc, scalar, chain.source, Value(),
                                               /*keepdims=*/0, /*noop_with_empty_axes=*/0);
    // Not below it is what is no number, either.
    Value isSmall = onnx::LessOp::create(m.b, m.loc, withElement(scalar, m.b.getI1Type()),
                                         magnitude, m.number(chain.limit));
    auto branch = onnx::IfOp::create(m.b, m.loc, reader.product->getResultTypes(), isSmall);
    fill(branch.getThenBranch(), /*all=*/false);
    fill(branch.getElseBranch(), /*all=*/true);
    reader.product.replaceAllUsesWith(branch->getResult(0));
    reader.product->erase();
    for (Operation *op : llvm::reverse(chain.operations))
      op->erase();
  }

private:
  void fill(Region &region, bool all) {
    OpBuilder b = OpBuilder::atBlockBegin(&region.emplaceBlock());
    IRMapping mapping;
    for (Operation *op : chain.operations) {
      Value result = copied(*op, b, mapping, all);
      if (all)
        continue;
      Dims dims = dimsOf(result);
      dims[chain.axes.lookup(op)] = live.end - live.begin;
      result.setType(tensorWithDims(dims, elementOf(result)));
    }
    onnx::YieldOp::create(b, m.loc, copied(*reader.product, b, mapping, all));
  }

  Value copied(Operation &op, OpBuilder &b, IRMapping &mapping, bool all) const {
    Operation *copy = b.clone(op, mapping);
    for (OpOperand &operand : op.getOpOperands())
      if (Value part = all ? Value() : read.lookup(&operand))
        copy->setOperand(operand.getOperandNumber(), part);
    return copy->getResult(0);
  }

  Reader reader;
  const ChannelChain &chain;
  const LiveRows &live;
  Arithmetic m;
  DenseMap<OpOperand *, Value> read;
};

/// Whether the product alone reads what the chain makes.
bool isReadByIt(const ChannelChain &chain, onnx::MatMulOp product) {
  return llvm::all_of(chain.operations, [&](Operation *op) {
    return op->getBlock() == product->getBlock() &&
           llvm::all_of(op->getUsers(), [&](Operation *user) {
             return user == product || chain.operations.contains(user);
           });
  });
}

struct SkipZeroRows : impl::SkipZeroRowsPassBase<SkipZeroRows> {
  void runOnOperation() override {
    SmallVector<onnx::MatMulOp> products;
    getOperation()->walk([&](onnx::MatMulOp product) { products.push_back(product); });
    for (onnx::MatMulOp product : products)
      if (skip({product, 1}) || skip({product, 0}))
        ++numSkipped;
  }

  static bool skip(Reader reader) {
    LiveRows live = liveRows(reader.product->getOperand(reader.matrix), reader.rows());
    if (!live.areFew() || dimsOf(reader.channels()).size() < 2)
      return false;
    ChannelChain chain;
    if (!chain.follow(reader.channels(), reader.channelAxis()) || chain.limit < kUsual ||
        !isReadByIt(chain, reader.product))
      return false;
    Rewrite(reader, chain, live).run();
    return true;
  }
};

} // namespace
} // namespace heddle
