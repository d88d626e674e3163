// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One task graph as the tables of a graph program: symbols, expressions, values, tasks and edges.

#ifndef HEDDLE_COMPILER_PROGRAM_GRAPHWRITER_H
#define HEDDLE_COMPILER_PROGRAM_GRAPHWRITER_H

#include "compiler/program/TaskOrder.h"
#include "dialects/heddle/DimExpr.h"
#include "dialects/task/Task.h"
#include "program_generated.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

/// Where a constant's bytes lie among the weights.
using WeightOffset = std::function<mlir::FailureOr<uint64_t>(task::ConstantOp)>;

class GraphWriter {
public:
  GraphWriter(flatbuffers::FlatBufferBuilder &buffer, task::GraphOp graph,
              const llvm::StringMap<uint32_t> &graphIndex,
              const llvm::StringMap<uint32_t> &kernelIndex, WeightOffset weightOffset)
      : buffer(buffer), graph(graph), graphIndex(graphIndex), kernelIndex(kernelIndex),
        weightOffset(std::move(weightOffset)) {}

  mlir::FailureOr<flatbuffers::Offset<program::Graph>> write();

  /// The index of the expression in the graph's list; before write().
  uint32_t expression(const DimExpr &expr);

private:
  uint32_t expression(llvm::StringRef text) { return expression(*DimExpr::parse(text)); }
  std::vector<uint32_t> dimsOf(mlir::RankedTensorType type);
  bool isLate(mlir::RankedTensorType type);
  mlir::LogicalResult addResult(mlir::Value result, llvm::StringRef name);
  mlir::LogicalResult addJoins(mlir::Block &body);
  mlir::LogicalResult addValue(mlir::Value value, program::Storage storage, llvm::StringRef name);
  uint32_t addView(mlir::Value value, llvm::StringRef name);
  uint32_t missingValue();
  mlir::LogicalResult addValues();
  flatbuffers::Offset<program::Task> task(mlir::Operation *op, const TaskOrder &order);
  std::vector<flatbuffers::Offset<program::Attribute>> attributes(mlir::DictionaryAttr parameters);
  std::vector<uint32_t> operandIndices(mlir::ValueRange inputs, llvm::ArrayRef<bool> present);

  flatbuffers::FlatBufferBuilder &buffer;
  task::GraphOp graph;
  const llvm::StringMap<uint32_t> &graphIndex, &kernelIndex;
  WeightOffset weightOffset;

  std::vector<flatbuffers::Offset<flatbuffers::String>> symbols;
  llvm::StringMap<uint32_t> symbolIndex, exprIndex;
  llvm::StringSet<llvm::MallocAllocator> inputSymbols;
  std::vector<program::Expr> exprs;
  std::vector<flatbuffers::Offset<program::Value>> values;
  llvm::DenseMap<mlir::Value, uint32_t> valueIndex;
  /// Where values lie that are made as parts of others: in which, and after how many bytes.
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, DimExpr>> partOf;
  std::optional<uint32_t> missing;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_GRAPHWRITER_H
