// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rewrites a node of an old operator version to the newest one.
//
// Steps are keyed by operator and the version they lead to; a node takes all steps of its operator
// that lead beyond its own version, oldest first. A version that only allows more types or more
// attributes needs no step. Each family of operators has a file of its own.

#ifndef HEDDLE_FRONTENDS_ONNX_UPGRADE_H
#define HEDDLE_FRONTENDS_ONNX_UPGRADE_H

#include "frontends/onnx/SourceNode.h"

namespace heddle {

/// What a step works with: the node, and ways to take its attributes and to add operations before
/// it. An error in an added operation is kept and reported after the step.
class NodeUpgrade {
public:
  NodeUpgrade(mlir::OpBuilder &builder, SourceNode &node) : builder(builder), node(node) {}

  /// Removes an attribute; nothing where it is absent.
  std::optional<int64_t> takeInt(llvm::StringRef name);
  std::optional<double> takeFloat(llvm::StringRef name);
  std::optional<std::string> takeString(llvm::StringRef name);
  std::optional<llvm::SmallVector<int64_t>> takeInts(llvm::StringRef name);
  std::optional<llvm::SmallVector<float>> takeFloats(llvm::StringRef name);
  /// All that are left.
  llvm::SmallVector<mlir::NamedAttribute> takeAttributes();
  void set(llvm::StringRef name, mlir::Attribute value) { node.attributes.set(name, value); }

  /// Constants: an int64 vector, an int64 scalar, a float vector, a scalar of a type.
  mlir::Value ints(llvm::ArrayRef<int64_t> values);
  mlir::Value scalar(int64_t value);
  mlir::Value floats(llvm::ArrayRef<float> values);
  mlir::Value scalarOf(double value, mlir::Type elementType);

  /// Adds an operation of ai.onnx in its newest version with one result; null after an error. Null
  /// operands are left out.
  mlir::Value emit(llvm::StringRef op, llvm::ArrayRef<mlir::Value> operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  /// The first `count` results; none after an error.
  llvm::SmallVector<mlir::Value> emitAll(llvm::StringRef op, llvm::ArrayRef<mlir::Value> operands,
                                         llvm::ArrayRef<mlir::NamedAttribute> attributes,
                                         size_t count);
  mlir::NamedAttribute intAttr(llvm::StringRef name, int64_t value);

  /// Adds the node itself, as it is now, with its first result.
  mlir::Value emitNode();

  /// The node is done: these are its results, null for those that are not wanted.
  void replaceWith(llvm::ArrayRef<mlir::Value> values);

  /// The number of dimensions, where the type says it.
  static std::optional<int64_t> rankOf(mlir::Value value);
  static mlir::Type elementType(mlir::Value value);
  /// Whether the value is a constant or input without elements.
  static bool isEmptyTensor(mlir::Value value);

  /// The operand, which must be there.
  mlir::Value operand(size_t index) { return node.operand(index); }
  /// Sets an operand, after the ones that are left out.
  void setOperand(size_t index, mlir::Value value);
  bool wants(size_t result) const { return result < node.wanted.size() && node.wanted[result]; }

  mlir::OpBuilder &builder;
  SourceNode &node;
  absl::Status error;
  bool pastsGrow = false; ///< as in ImportOptions
  bool isReplaced = false;
  llvm::SmallVector<mlir::Value> replacement;
};

using UpgradeFunction = absl::Status (*)(NodeUpgrade &);

struct UpgradeStep {
  llvm::StringRef op;
  int to; ///< brings nodes of an older version to this one
  UpgradeFunction function;
};

// One list a family, each in its own file.
llvm::ArrayRef<UpgradeStep> elementwiseUpgrades();
llvm::ArrayRef<UpgradeStep> normalizationUpgrades();
llvm::ArrayRef<UpgradeStep> reductionUpgrades();
llvm::ArrayRef<UpgradeStep> shapeUpgrades();
llvm::ArrayRef<UpgradeStep> samplingUpgrades();
llvm::ArrayRef<UpgradeStep> sequenceUpgrades();
llvm::ArrayRef<UpgradeStep> optionalUpgrades();

/// Takes all steps. Where they replaced the node altogether, `replacement` has a value for each of
/// its results and the answer is true; otherwise the node is in its newest form.
absl::StatusOr<bool> upgradeNode(mlir::OpBuilder &builder, SourceNode &node,
                                 llvm::SmallVectorImpl<mlir::Value> &replacement);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_UPGRADE_H
