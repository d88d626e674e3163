// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A node on its way from the model's form to an operation of the dialect.

#ifndef HEDDLE_FRONTENDS_ONNX_SOURCENODE_H
#define HEDDLE_FRONTENDS_ONNX_SOURCENODE_H

#include "frontends/onnx/OperatorTable.h"
#include "frontends/onnx/Status.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

#include <memory>
#include <optional>

namespace heddle {

/// The values are those of the version that `version` says; upgrades rewrite them in place.
struct SourceNode {
  explicit SourceNode(mlir::Location loc) : loc(loc) {}

  std::string label; ///< the node's name, or OPERATOR_INDEX
  std::string domain, op;
  int version = 0;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> operands; ///< null: left out
  mlir::NamedAttrList attributes;
  llvm::SmallVector<bool> wanted; ///< the results that have names
  llvm::SmallVector<std::unique_ptr<mlir::Region>> regions;

  /// "node 'conv1' (Conv of ai.onnx, version 11)"
  std::string describe() const;
  mlir::Value operand(size_t index) const {
    return index < operands.size() ? operands[index] : mlir::Value();
  }
};

/// The element type of each result that the node's newest version has: one for each entry of
/// `wanted`. Checks the operands' element types against the signature.
absl::StatusOr<llvm::SmallVector<mlir::Type>> inferElementTypes(const Signature &signature,
                                                                const SourceNode &node);

/// Creates the node's operation, in its newest form. Returns a value for each entry of `wanted`,
/// null where the result is optional and not wanted.
absl::StatusOr<llvm::SmallVector<mlir::Value>> createOperation(mlir::OpBuilder &builder,
                                                               SourceNode &node);

/// The graph's yielded values: the operands of the region's terminator.
mlir::ValueRange yieldedValues(mlir::Region &region);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_SOURCENODE_H
