// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams are computed as one where that pays, and side by side otherwise.
//
// As one, each operation is one call whose weights are read once for all streams; what the streams
// take is stacked for it first, which is nothing where they are parts of one tensor. Side by side,
// each stream reads all weights, which costs nothing where it computes enough with each of them, and
// cores have a stream each. The estimate compares both for the cores that the program is made for.

#include "compiler/Passes.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/Work.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/streams/Chunks.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LOWERSTREAMSPASS
#include "compiler/Passes.h.inc"

namespace {

constexpr double kNanosecondsPerWeight = 0.35; // four bytes from memory, at some 12 GB/s
constexpr double kNanosecondsPerCopied = 0.5;  // read and written
constexpr double kNanosecondsPerTask = 200;    // to hand over an operation; 20 in a list

double elementsOf(Value value) { return estimateSize(countElements(dimsOf(value))); }

class StreamsLowering {
public:
  StreamsLowering(StreamsOp streams, int cores)
      : streams(streams), body(streams.getBody().front()), count(streams.getCount()), cores(cores) {
  }

  void run(bool always);

private:
  SmallVector<Value> operandsOf(unsigned argument) {
    SmallVector<Value> values;
    for (unsigned stream = 0; stream < count; ++stream)
      values.push_back(streams.getOperand(stream * body.getNumArguments() + argument));
    return values;
  }
  bool isStackedCheaper();
  LogicalResult stack(std::string &reason);
  Value stackOperand(Arithmetic &m, unsigned argument);
  void putSideBySide();

  StreamsOp streams;
  Block &body;
  unsigned count;
  int cores;
};

bool StreamsLowering::isStackedCheaper() {
  double stacked = 0, beside = 0, lanes = std::min<double>(cores, count);
  for (Operation &op : body.without_terminator()) {
    double cost = estimateCost(&op), weights = 0;
    if (operationKind(&op) == OperationKind::Contraction)
      for (Value operand : op.getOperands())
        if (operand.getParentBlock() != &body)
          weights = std::max(weights, elementsOf(operand) * kNanosecondsPerWeight);
    double task = operationKind(&op) == OperationKind::View ? 0 : kNanosecondsPerTask;
    stacked += std::max(count * cost / cores, weights) + task;
    beside += std::max(count * (cost + task) / lanes, count * weights);
  }
  for (unsigned i = 0; i < body.getNumArguments(); ++i)
    if (SmallVector<Value> values = operandsOf(i); !findStacked(values))
      stacked += count * elementsOf(values.front()) * kNanosecondsPerCopied + kNanosecondsPerTask;
  for (Value yielded : body.getTerminator()->getOperands())
    stacked += count * elementsOf(yielded) * kNanosecondsPerCopied;
  return stacked < beside;
}

Value StreamsLowering::stackOperand(Arithmetic &m, unsigned argument) {
  SmallVector<Value> values = operandsOf(argument);
  if (Value source = findStacked(values))
    return m.viewedAs(source, getDims(stackedType(values.front().getType(), count)));
  for (Value &value : values)
    value = m.asRow(value);
  return m.joined(values, 0);
}

LogicalResult StreamsLowering::stack(std::string &reason) {
  Block scratch;
  OpBuilder b(streams.getContext());
  b.setInsertionPointToEnd(&scratch);
  Arithmetic m(b, streams.getLoc());
  Batching batching(b, count);
  for (BlockArgument argument : body.getArguments())
    batching.map(argument, stackOperand(m, argument.getArgNumber()));
  for (Operation &op : body.without_terminator())
    if (failed(batching.apply(op))) {
      reason = batching.reason();
      return failure();
    }
  unsigned results = body.getTerminator()->getNumOperands();
  for (auto [i, yielded] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value all = batching.stacked(yielded);
    for (unsigned stream = 0; stream < count; ++stream) {
      Value result = streams.getResult(stream * results + i);
      if (result.use_empty())
        continue;
      Value index = m.viewed(m.integers({stream}), {});
      result.replaceAllUsesWith(
          onnx::GatherOp::create(b, result.getLoc(), result.getType(), all, index, /*axis=*/0));
    }
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(scratch)))
    if (isOpTriviallyDead(&op))
      op.erase();
  streams->getBlock()->getOperations().splice(streams->getIterator(), scratch.getOperations());
  return success();
}

void StreamsLowering::putSideBySide() {
  OpBuilder b(streams);
  unsigned results = body.getTerminator()->getNumOperands();
  for (unsigned stream = 0; stream < count; ++stream) {
    IRMapping mapping;
    for (BlockArgument argument : body.getArguments())
      mapping.map(argument, operandsOf(argument.getArgNumber())[stream]);
    for (Operation &op : body.without_terminator())
      b.clone(op, mapping);
    for (auto [i, yielded] : llvm::enumerate(body.getTerminator()->getOperands()))
      streams.getResult(stream * results + i)
          .replaceAllUsesWith(mapping.lookupOrDefault(Value(yielded)));
  }
}

void StreamsLowering::run(bool always) {
  Work one = workOf(body);
  std::string reason;
  bool stacked = (always || isStackedCheaper()) && succeeded(stack(reason));
  recordConstruct(streams,
                  {.kind = "streams",
                   .summary = std::to_string(count) + " streams of " +
                              std::to_string(llvm::range_size(body.without_terminator())) +
                              " operations on the same weights",
                   .proof = "the same operations on the same weights, and no stream reads what "
                            "another one computes",
                   .equivalence = stacked ? Equivalence::Reassociation : Equivalence::Exact,
                   .form = stacked ? "stacked" : "side by side",
                   .work = one.work * DimExpr(count),
                   .span = one.span});
  if (!stacked)
    putSideBySide();
  streams.erase();
}

struct LowerStreams : impl::LowerStreamsPassBase<LowerStreams> {
  using LowerStreamsPassBase::LowerStreamsPassBase;

  void runOnOperation() override {
    SmallVector<StreamsOp> found;
    getOperation().walk([&](StreamsOp streams) { found.push_back(streams); });
    for (StreamsOp streams : found)
      StreamsLowering(streams, cores).run(stack);
    numStreams += found.size();
  }
};

} // namespace
} // namespace heddle
