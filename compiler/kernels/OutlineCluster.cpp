// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/OutlineCluster.h"

#include "compiler/kernels/OperationKinds.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

ClusterOp outlineCluster(ArrayRef<Operation *> members) {
  Block &block = *members.front()->getBlock();
  llvm::SetVector<Value> inputs;
  SmallVector<Value> outputs;
  llvm::DenseSet<Operation *> inside(members.begin(), members.end());
  for (Operation *member : members) {
    for (OpOperand &operand : member->getOpOperands())
      if (!inside.contains(operand.get().getDefiningOp()) && !isParameter(operand))
        inputs.insert(operand.get());
    for (Value result : member->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(block.findAncestorOpInBlock(*user));
          }))
        outputs.push_back(result);
  }
  Operation *last = members.back();
  OpBuilder builder(last);
  SmallVector<Location> locations;
  for (Operation *member : members)
    locations.push_back(member->getLoc());
  auto cluster = ClusterOp::create(builder, FusedLoc::get(builder.getContext(), locations),
                                   ValueRange(outputs).getTypes(), inputs.getArrayRef());
  Block *body = &cluster.getBody().emplaceBlock();
  // A constant may be the parameter of one member and data of another.
  IRMapping mapping, parameters;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(body);
  for (Operation *member : members) {
    for (OpOperand &operand : member->getOpOperands())
      if (isParameter(operand))
        cloneParameter(operand.get(), builder, parameters);
    Operation *copy = builder.clone(*member, mapping);
    for (auto [operand, copied] : llvm::zip(member->getOpOperands(), copy->getOpOperands()))
      if (isParameter(operand))
        copied.set(parameters.lookup(operand.get()));
  }
  SmallVector<Value> yielded;
  for (Value output : outputs)
    yielded.push_back(mapping.lookup(output));
  YieldOp::create(builder, cluster.getLoc(), yielded);
  for (auto [output, result] : llvm::zip(outputs, cluster.getResults()))
    output.replaceAllUsesWith(result);
  for (Operation *member : llvm::reverse(members))
    member->erase();
  return cluster;
}

} // namespace heddle
