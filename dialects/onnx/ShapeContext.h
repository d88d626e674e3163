// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts about every value of a program, and the walk that computes them.
//
//   ShapeContext context(module);
//   for (BlockArgument argument : main.getArguments())
//     context.setFacts(argument, *TensorFacts::ofType(argument.getType()));
//   LogicalResult result = context.inferBlock(main.getBody().front());
//   const TensorFacts *facts = context.lookup(value);
//
// The IR is only read. Errors are emitted where they are found and the walk goes on with what does
// not depend on them. Not thread-safe.

#ifndef HEDDLE_DIALECTS_ONNX_SHAPECONTEXT_H
#define HEDDLE_DIALECTS_ONNX_SHAPECONTEXT_H

#include "dialects/onnx/TensorFacts.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>

namespace heddle::onnx {

/// Marks an If whose branches go on with values of different ranks, of which one may then be
/// impossible (see compiler/source/DuplicateTail.h).
inline constexpr llvm::StringLiteral kRanksDiffer = "heddle.ranks_differ";

class ShapeContext {
public:
  /// Takes note of the operations and the names of dimensions within `root`.
  explicit ShapeContext(mlir::Operation *root);

  /// The facts of a value; null where an error kept them from being found.
  const TensorFacts *lookup(mlir::Value value) const;
  /// The facts of a value that has some: an operand, inside a rule.
  const TensorFacts &facts(mlir::Value value) const { return *lookup(value); }
  void setFacts(mlir::Value value, TensorFacts facts);
  void setFacts(mlir::Value value, mlir::Type elementType, Dims dims) {
    setFacts(value, TensorFacts(elementType, std::move(dims)));
  }

  /// A symbol for a dimension that only running the program can tell: the value, a result or an
  /// argument of a region, defines it. Always the same one for the same value and axis.
  DimExpr freshSymbol(mlir::Value value, int64_t axis);
  /// A fresh symbol for each dimension.
  Dims freshDims(mlir::Value value, int64_t rank);

  /// The value that defines a fresh symbol; null for those of a function's arguments.
  mlir::Value definition(llvm::StringRef name) const { return definitions.lookup(name); }

  /// Infers the facts of an operation's results; those of its operands must be known.
  mlir::LogicalResult inferOperation(mlir::Operation *op);
  /// Infers the facts of a block's operations in order. Fails where any of them did.
  mlir::LogicalResult inferBlock(mlir::Block &block);
  /// Infers a region of one block for these arguments and returns what it yields; fails, with errors
  /// emitted, where that is not known.
  mlir::FailureOr<std::vector<TensorFacts>> inferRegion(mlir::Region &region,
                                                        llvm::ArrayRef<TensorFacts> arguments);
  /// Whether an expression means something outside of the region.
  bool isDefinedOutside(const DimExpr &expr, mlir::Region &region) const;
  /// Replaces the dimensions that mean nothing outside of the region by fresh symbols of `result`,
  /// and drops contents that do not.
  TensorFacts moveOutside(TensorFacts facts, mlir::Region &region, mlir::Value result);

  /// An operation whose result has one rank or another, depending on what is only known later. The
  /// caller may rewrite the program so that it does not matter, or report the message.
  struct RankConflict {
    mlir::Operation *op;
    std::string message;
  };
  void addRankConflict(mlir::Operation *op, std::string message) {
    conflicts.push_back({op, std::move(message)});
  }
  llvm::ArrayRef<RankConflict> rankConflicts() const { return conflicts; }
  void dropRankConflicts(size_t first) { conflicts.resize(std::min(first, conflicts.size())); }

  /// The branch of an If that can run, where the other one cannot, and why.
  struct OnlyBranch {
    bool condition;
    std::string message;
  };
  void setOnlyBranch(mlir::Operation *op, OnlyBranch branch) { onlyBranches[op] = branch; }
  const OnlyBranch *onlyBranch(mlir::Operation *op) const {
    auto found = onlyBranches.find(op);
    return found == onlyBranches.end() ? nullptr : &found->second;
  }

private:
  mlir::LogicalResult checkResults(mlir::Operation *op);
  std::optional<DimExpr> previousSymbol(mlir::Value value, int64_t axis) const;
  std::string makeName(mlir::Value value, int64_t axis) const;

  /// Behind pointers, so that facts stay where they are while others are added.
  llvm::DenseMap<mlir::Value, std::unique_ptr<TensorFacts>> table;
  llvm::DenseMap<mlir::Operation *, unsigned> order;
  /// Symbols in use at the start: those of the arguments of functions map to null.
  llvm::StringMap<mlir::Value> symbols;
  /// The value that defines each fresh symbol.
  llvm::StringMap<mlir::Value> definitions;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, std::string> names;
  std::vector<RankConflict> conflicts;
  llvm::DenseMap<mlir::Operation *, OnlyBranch> onlyBranches;
};

} // namespace heddle::onnx

#include "dialects/onnx/ShapeInterface.h.inc"

#endif // HEDDLE_DIALECTS_ONNX_SHAPECONTEXT_H
