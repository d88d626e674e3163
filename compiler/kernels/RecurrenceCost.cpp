// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/RecurrenceCost.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/RangeOfSteps.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

#include <cmath>

using namespace mlir;

namespace heddle {
namespace {

/// Nanoseconds on a Zen 5 core with AVX-512.
constexpr double kLatency = 1.0;    // of an addition or a product, fused ones included
constexpr double kIssue = 0.25;     // of an operation on a vector that waits for nothing
constexpr double kFunction = 8;     // of an exponential or a quotient, in additions
constexpr double kMagnitude = 3.5;  // to follow a product, in additions
constexpr double kNear = 0.3;       // of a vector read or written, in the cache of the core
constexpr double kFar = 0.55;       // in the cache of all cores
constexpr double kBeyond = 1.1;     // in memory
constexpr double kTransposed = 1.1; // of a vector of elements that is read or written across chunks
constexpr double kSpilled = 0.3;    // the same for each doubling of a block beyond the registers
constexpr double kRegisters = 32;
constexpr double kLanes = 16; // also the steps of a block
constexpr double kVectorBytes = 64;
constexpr double kNearBytes = 1 << 20, kFarBytes = 32 << 20;
/// Vectors of a grid point: enough to hide how long one operation takes, few enough for registers.
constexpr int64_t kMostVectors = 4;

double weightOf(Operation &op) {
  if (isa<onnx::ConstantOp, IndexTensorOp>(op) || op.getNumResults() == 0)
    return 0;
  // A sum of a product is one operation with it.
  if (isa<onnx::AddOp, onnx::SubOp>(op) && llvm::any_of(op.getOperands(), [](Value operand) {
        return operand.getDefiningOp<onnx::MulOp>() && operand.hasOneUse();
      }))
    return 0;
  return isa<onnx::ExpOp, onnx::LogOp, onnx::TanhOp, onnx::SigmoidOp, onnx::DivOp, onnx::SqrtOp,
             onnx::PowOp, onnx::ErfOp>(op)
             ? kFunction
             : 1;
}

double elementsOf(Value value) { return estimateSize(countElements(dimsOf(value))); }

/// The longest chain of operations from a value to what becomes of it in a step.
double chain(Block &step, Value from, Value to) {
  DenseMap<Value, double> waits{{from, 0}};
  for (Operation &op : step.without_terminator()) {
    double before = -1;
    for (Value operand : op.getOperands())
      if (auto found = waits.find(operand); found != waits.end())
        before = std::max(before, found->second);
    if (before >= 0)
      for (Value result : op.getResults())
        waits[result] = before + weightOf(op) * kLatency;
  }
  return waits.lookup(to);
}

} // namespace

int64_t vectorsTogether(int64_t count, int64_t parts) {
  int64_t together = 1;
  for (int64_t vectors = 2; vectors <= kMostVectors; ++vectors)
    if (count % vectors == 0 && count / vectors >= parts)
      together = vectors;
  return together;
}

StepCost::StepCost(Region &region, unsigned carried, ArrayRef<bool> kept, bool isTotal) {
  Block &step = region.front();
  ValueRange next = step.getTerminator()->getOperands();
  for (Value value : step.getArguments())
    points = std::max(points, elementsOf(value));
  auto isWide = [&](Value value) { return 2 * elementsOf(value) > points; };
  auto operation = [&](Value result, double weight) {
    (isWide(result) ? wide : single) += weight * kIssue;
    elements += weight * kIssue * elementsOf(result);
  };
  auto access = [&](Value value) {
    accesses += isWide(value);
    slots += elementsOf(value);
    accessedBytes += elementsOf(value) * 4;
  };
  for (Operation &op : step.without_terminator())
    if (op.getNumResults() == 1)
      operation(op.getResult(0), weightOf(op));
  for (Value value : step.getArguments().drop_front(carried)) {
    access(value);
    read += elementsOf(value);
  }
  for (unsigned i = 0; i < carried; ++i) {
    latency = std::max(latency, chain(step, step.getArgument(i), next[i]));
    if (isTotal && isProduct(step, i))
      operation(next[i], kMagnitude);
    if (i < kept.size() && kept[i])
      access(next[i]);
  }
}

double StepCost::bytes(double length) const { return accessedBytes * length; }

bool StepCost::isBeyondCaches(double length) const { return bytes(length) > kFarBytes; }

double StepCost::ofPoints(double vectors, double length) const {
  double each = bytes(length) > kFarBytes ? kBeyond : bytes(length) > kNearBytes ? kFar : kNear;
  double moved = accessedBytes / kVectorBytes * vectors / std::ceil(points / kLanes) * each;
  return std::max({latency, single + vectors * wide, vectors * accesses * kNear, moved});
}

double StepCost::ofChunks() const {
  double block = std::max(1.0, kLanes * read / kRegisters);
  double each = kTransposed + kSpilled * std::min(2.0, std::log2(block));
  return std::max(latency, elements + slots * each);
}

} // namespace heddle
