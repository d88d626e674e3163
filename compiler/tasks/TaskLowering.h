// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of one lowering to the task level (LowerToTasks.h): where tasks are added, what source
// values became, which task values are constant. LowerClusters.cpp and LowerControl.cpp have the
// parts that are named after them.

#ifndef HEDDLE_COMPILER_TASKS_TASKLOWERING_H
#define HEDDLE_COMPILER_TASKS_TASKLOWERING_H

#include "compiler/kernels/ClusterKernels.h"
#include "compiler/tasks/ConstantBudget.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace heddle {

/// Estimated nanoseconds of what nothing is known of, for scheduling only.
inline constexpr double kCallCost = 20000;

class TaskLowering {
public:
  TaskLowering(mlir::ModuleOp module, ClusterKernels &kernels, int64_t mostConstantBytes)
      : module(module), kernels(kernels), budget(mostConstantBytes) {}

  mlir::LogicalResult run(mlir::func::FuncOp function);

private:
  /// The graph that tasks are added to, with the order of the tasks around.
  struct Sequence {
    mlir::OpBuilder builder;
    mlir::Value last; // the token of the latest task; null before the first

    llvm::SmallVector<mlir::Value> after() const {
      return last ? llvm::SmallVector<mlir::Value>{last} : llvm::SmallVector<mlir::Value>{};
    }
  };

  /// The sub-graphs of one operation while they are lowered. What they turn out to need of the main
  /// graph becomes captures of all of them, after those that the source has.
  struct SubGraphs {
    unsigned firstImport = 0;                // arguments before the imports
    llvm::SmallVector<mlir::Block *> bodies; // the last one is being lowered
    llvm::SmallVector<mlir::Value> imports;  // values of the enclosing graph
  };

  /// Operations of a cluster that become one of their own, with the name of its kernel if it has one.
  struct ClusterPart {
    llvm::ArrayRef<mlir::Operation *> operations;
    mlir::StringAttr kernel;
  };

  mlir::LogicalResult lowerBlock(mlir::Block &block, Sequence &sequence);
  mlir::LogicalResult lowerOp(mlir::Operation &op, Sequence &sequence);
  mlir::LogicalResult lowerCluster(ClusterOp cluster, Sequence &sequence);
  /// Nothing, and false, where the cluster is no concatenation or its parts have to be moved.
  bool lowerAsJoin(ClusterOp cluster, Sequence &sequence);
  /// A result as a view of an operand; null where it is more than that.
  mlir::Value lowerAsView(ClusterOp cluster, unsigned result, Sequence &sequence);
  mlir::Value partOfJoin(mlir::Value value, mlir::Block *graph) const;
  mlir::LogicalResult lowerParts(ClusterOp cluster, llvm::ArrayRef<ClusterPart> parts,
                                 Sequence &sequence);
  mlir::LogicalResult lowerCut(ClusterOp cluster, const ClusterKernels::Cut &cut,
                               Sequence &sequence);
  mlir::LogicalResult lowerSeparately(ClusterOp cluster, Sequence &sequence);
  mlir::LogicalResult lowerAsCall(ClusterOp cluster, mlir::Operation &op, Sequence &sequence);
  template <typename ChunkOp> mlir::LogicalResult lowerRecurrence(ChunkOp op, Sequence &sequence);
  mlir::LogicalResult lowerSpawn(SpawnOp spawn, Sequence &sequence);
  mlir::LogicalResult lowerLinearAttention(LinearAttentionOp op, Sequence &sequence);
  mlir::LogicalResult lowerControl(mlir::Operation &op, Sequence &sequence);
  void lowerConstant(onnx::ConstantOp constant, Sequence &sequence);
  void lowerView(mlir::Operation &op, Sequence &sequence);
  void lowerSizes(IndexTensorOp op, Sequence &sequence);
  mlir::LogicalResult lowerCall(mlir::Operation &op, Sequence &sequence);
  mlir::FailureOr<task::GraphOp> lowerRegion(mlir::Region &region, llvm::StringRef name,
                                             llvm::ArrayRef<mlir::Value> captures,
                                             SubGraphs &around);

  task::LaunchOp launch(Sequence &sequence, mlir::Location loc, llvm::StringRef kernel,
                        mlir::ValueRange inputs, mlir::TypeRange results,
                        llvm::ArrayRef<DimExpr> dims, const DimExpr &grid, const DimExpr &scratch,
                        const KernelCost &cost);
  mlir::Value pack(Sequence &sequence, mlir::Location loc, const KernelUse::Pack &use,
                   mlir::Value weight);
  mlir::Value launchPack(Sequence &sequence, mlir::Location loc, const KernelUse::Pack &use,
                         mlir::Value weight);

  /// The value of the main graph that a sub-graph's argument stands for.
  mlir::Value mainValueOf(mlir::Value value) const;
  /// A value of the main graph inside the sub-graph that is being lowered.
  mlir::Value import(mlir::Value mainValue);

  mlir::Value mapped(mlir::Value value) const { return mapping.lookup(value); }
  llvm::SmallVector<mlir::Value> mapped(mlir::ValueRange values) const {
    return llvm::map_to_vector(values, [&](mlir::Value value) { return mapping.lookup(value); });
  }
  void map(mlir::ValueRange from, mlir::ValueRange to) { mapping.map(from, to); }

  bool isConstant(mlir::Value value) const { return constantValues.contains(mainValueOf(value)); }
  /// Records that a task whose sizes are known computes from constants alone, where it does.
  void noteConstant(mlir::Operation *task, mlir::ValueRange inputs);
  /// Of an operation whose tasks compute constants: that what they take is within the limit.
  mlir::LogicalResult takeConstants(mlir::Operation *source);

  mlir::ModuleOp module;
  ClusterKernels &kernels;
  ConstantBudget budget;
  mlir::IRMapping mapping;                    // from the parallel level to the task level
  llvm::DenseSet<mlir::Value> constantValues; // of the task level
  llvm::StringMap<unsigned> graphNames;
  Sequence *mainSequence = nullptr;
  llvm::SmallVector<SubGraphs *> nesting;           // outermost first
  llvm::DenseMap<mlir::Value, mlir::Value> outerOf; // a sub-graph's argument: the value outside
};

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_TASKLOWERING_H
