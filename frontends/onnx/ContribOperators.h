// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft, which the optimisers and quantisers of ONNX Runtime write, in terms
// of those of ai.onnx. The compiler fuses them again as it sees fit.

#ifndef HEDDLE_FRONTENDS_ONNX_CONTRIBOPERATORS_H
#define HEDDLE_FRONTENDS_ONNX_CONTRIBOPERATORS_H

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/Upgrade.h"

#include <cstdint>

namespace heddle {

struct ContribOperator {
  llvm::StringRef op;
  unsigned mostOperands;
  uint32_t required;      ///< a bit for each operand that must be there
  UpgradeFunction expand; ///< takes all attributes that it knows
};

/// x + y, or x where there is no y.
mlir::Value plus(NodeUpgrade &upgrade, mlir::Value x, mlir::Value y);
mlir::Value toFloat(NodeUpgrade &upgrade, mlir::Value x);
/// a x b of integers times the product of the scales, plus the bias.
mlir::Value productOfIntegers(NodeUpgrade &upgrade, mlir::Value a, mlir::Value aScale,
                              mlir::Value aZeroPoint, mlir::Value b, mlir::Value bScale,
                              mlir::Value bZeroPoint, mlir::Value bias);
/// The size along an axis, as a vector of one.
mlir::Value sizeOf(NodeUpgrade &upgrade, mlir::Value tensor, int64_t axis);
/// first, first + 1, ..., as many as `count`, a vector of one, says.
mlir::Value positionsFrom(NodeUpgrade &upgrade, mlir::Value first, mlir::Value count);
/// [batch, time, heads * size] as [batch, heads, time, size], and back.
mlir::Value byHeads(NodeUpgrade &upgrade, mlir::Value value, int64_t heads);
mlir::Value withHeadsJoined(NodeUpgrade &upgrade, mlir::Value value);

// One list a family, each in its own file.
llvm::ArrayRef<ContribOperator> attentionContribOperators();
llvm::ArrayRef<ContribOperator> blockContribOperators();
llvm::ArrayRef<ContribOperator> decoderContribOperators();
llvm::ArrayRef<ContribOperator> fusedContribOperators();
llvm::ArrayRef<ContribOperator> groupQueryContribOperators();
llvm::ArrayRef<ContribOperator> normalizationContribOperators();
llvm::ArrayRef<ContribOperator> quantizedContribOperators();

/// Null for an operator that is none of them.
const ContribOperator *findContribOperator(llvm::StringRef domain, llvm::StringRef op);

/// Adds the operations that the node stands for.
absl::Status expandContrib(mlir::OpBuilder &builder, const ContribOperator &contrib,
                           const ImportOptions &options, SourceNode &node,
                           llvm::SmallVectorImpl<mlir::Value> &results);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_CONTRIBOPERATORS_H
