// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ClusterCuts.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {

/// A search tries each of them.
static constexpr size_t kMostCuts = 4;

SmallVector<Operation *> computedOperations(ClusterOp cluster) {
  SmallVector<Operation *> computed;
  for (Operation &op : cluster.getBody().front().without_terminator())
    if (!isa<onnx::ConstantOp, IndexTensorOp>(op))
      computed.push_back(&op);
  return computed;
}

static bool isElementwise(Operation *op) {
  return operationKind(op) == OperationKind::Loops &&
         accessPattern(op) == AccessPattern::Elementwise;
}

/// The only value that operations from `count` on read of those before; null where there are more.
static Value valueAcross(ArrayRef<Operation *> operations, size_t count) {
  llvm::SetVector<Value> across;
  for (Operation *reader : operations.drop_front(count))
    for (Value operand : reader->getOperands())
      if (llvm::is_contained(operations.take_front(count), operand.getDefiningOp()))
        across.insert(operand);
  return across.size() == 1 ? across.front() : Value();
}

SmallVector<int64_t> cutsOf(ClusterOp cluster) {
  SmallVector<int64_t> cuts;
  if (cluster.getNumResults() != 1)
    return cuts;
  SmallVector<Operation *> operations = computedOperations(cluster);
  for (size_t count = 1; count < operations.size() && cuts.size() < kMostCuts; ++count) {
    Value across = valueAcross(operations, count);
    if (!across || !isa<RankedTensorType>(across.getType()))
      continue;
    auto isAcross = [&](Operation *reader) {
      return llvm::is_contained(operations, reader) && !isElementwise(reader);
    };
    Operation *maker = across.getDefiningOp();
    bool readMore = llvm::any_of(across.getUsers(), isAcross) ||
                    dimsOf(across) != dimsOf(operations[count]->getResult(0));
    // Work on a contraction's results in its registers is free.
    if (readMore || (!isElementwise(maker) && !isContraction(maker)))
      cuts.push_back(count);
  }
  return cuts;
}

} // namespace heddle
