// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of operators along a sequence: recurrent ones, Scan and DFT.

#include "frontends/onnx/Upgrade.h"

#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

/// Whether Y is wanted was an attribute before results could be left out.
static absl::Status outputSequence(NodeUpgrade &upgrade) {
  upgrade.takeInt("output_sequence");
  return absl::OkStatus();
}

/// The first version misspelled its default.
static absl::Status gruDirection(NodeUpgrade &upgrade) {
  std::string direction = upgrade.takeString("direction").value_or("forward");
  upgrade.set("direction",
              upgrade.builder.getStringAttr(direction == "foward" ? "forward" : direction));
  return absl::OkStatus();
}

static absl::Status dftAxis(NodeUpgrade &upgrade) {
  int64_t axis = upgrade.takeInt("axis").value_or(1);
  upgrade.setOperand(2, upgrade.scalar(axis));
  return absl::OkStatus();
}

/// Version 8 runs the scan once for each row of a batch, the first dimension of everything. Newer
/// ones have no batch: the scan becomes the body of another one that scans the batch.
static absl::Status scanBatch(NodeUpgrade &upgrade) {
  SourceNode &node = upgrade.node;
  if (node.operand(0))
    return unsupported("the sequence lengths of a batched Scan are not supported");
  if (auto directions = upgrade.takeInts("directions"))
    upgrade.set("scan_input_directions", upgrade.builder.getDenseI64ArrayAttr(*directions));
  OpBuilder &builder = upgrade.builder;
  SourceNode outer(node.loc);
  outer.label = node.label;
  outer.op = "Scan";
  outer.wanted = node.wanted;
  outer.operands.assign(node.operands.begin() + 1, node.operands.end());
  outer.attributes.set("num_scan_inputs",
                       builder.getI64IntegerAttr(static_cast<int64_t>(outer.operands.size())));
  auto region = std::make_unique<Region>();
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(region.get());
    node.operands.clear();
    for (Value operand : outer.operands)
      node.operands.push_back(
          block->addArgument(UnrankedTensorType::get(NodeUpgrade::elementType(operand)), node.loc));
    node.wanted.assign(node.wanted.size(), true);
    HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> rows, createOperation(builder, node));
    onnx::YieldOp::create(builder, node.loc, rows);
  }
  outer.regions.push_back(std::move(region));
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results, createOperation(builder, outer));
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> sequenceUpgrades() {
  static const UpgradeStep steps[] = {
      {"GRU", 3, gruDirection},   {"GRU", 7, outputSequence}, {"LSTM", 7, outputSequence},
      {"RNN", 7, outputSequence}, {"DFT", 20, dftAxis},       {"Scan", 9, scanBatch},
  };
  return steps;
}

} // namespace heddle
