// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of a module: clusters become functions, equal ones are compiled once.
//
// A cluster's dimensions are renamed to the kernel's own symbols (d0, d1, ...), equal expressions
// to equal symbols; static dimensions above a small size become symbols as well. Clusters that are
// the same after that share a kernel, whatever their sizes: compile time follows the number of
// distinct kernels, not of nodes. What packs weights takes their sizes, so that kernels made for
// one size share it.

#ifndef HEDDLE_COMPILER_KERNELS_CLUSTERKERNELS_H
#define HEDDLE_COMPILER_KERNELS_CLUSTERKERNELS_H

#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/kernels/ScheduleBook.h"
#include "dialects/heddle/Heddle.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

class DimRenaming;

/// Nanoseconds of a point on one core: sizes that only running tells are in `work`.
struct KernelCost {
  double nanoseconds = 0;
  DimExpr work = 1;

  KernelCost() = default;
  KernelCost(double nanosecondsPerElement, const DimExpr &elements);
};

/// How one result of a cluster is computed: a kernel and what it is launched with, in terms of the
/// cluster's dimensions.
struct KernelUse {
  std::string kernel;
  llvm::SmallVector<DimExpr> dims;
  DimExpr grid;
  DimExpr scratchBytes;
  KernelCost cost;
  /// A weight to be packed first: the operand, and how. What is made for each run is not computed
  /// while compiling, and the kernel takes what it was made of as its last operand.
  struct Pack {
    unsigned operand;
    std::string kernel;
    llvm::SmallVector<DimExpr> dims;
    DimExpr grid, elements;
    mlir::Type elementType;
    KernelCost cost;
  };
  llvm::SmallVector<Pack, 1> packs;
  std::optional<Pack> unpack;
};

class ClusterKernels {
public:
  /// Kernels are added to `module`.
  ClusterKernels(mlir::ModuleOp module, const codegen::Target &target, ScheduleBook &schedules)
      : module(module), target(target), schedules(schedules) {}

  /// Counts the sizes with which `program` uses each contraction. Those of few are made for each of
  /// them, as far as they are known, where their schedules do not say otherwise; others share code.
  void countSizes(mlir::func::FuncOp program);

  /// How a cluster that its schedule wants in two kernels is cut: what both are called after, and how
  /// many of its operations the first has (ClusterCuts.h). Ask before `kernelFor`.
  struct Cut {
    std::string name;
    int64_t operations;
  };
  std::optional<Cut> cutOf(ClusterOp cluster, llvm::ArrayRef<bool> constantOperands);

  /// The kernel for result `result` of a cluster. `constantOperands` are weights. Fails without a
  /// diagnostic where the cluster as a whole has no schedule; its operations alone always have one.
  mlir::FailureOr<KernelUse> kernelFor(ClusterOp cluster, unsigned result,
                                       llvm::ArrayRef<bool> constantOperands);

  /// The kernel of a pass over chunks with an element-wise step, which computes all its results. Its
  /// operands are those of the operation, then `shared`: what the region uses from outside.
  mlir::FailureOr<KernelUse> kernelFor(ChunkTotalsOp totals, llvm::ArrayRef<mlir::Value> shared);
  mlir::FailureOr<KernelUse> kernelFor(ChunkScanOp scan, llvm::ArrayRef<mlir::Value> shared);

  /// A kernel that writes `count` sizes as integers: the contents of an index tensor.
  std::string sizesKernel(unsigned count, unsigned bits);

  /// A kernel that is emitted without a structured form: `emit` adds the function of the name that it
  /// gets, once for all of the same key, which says all that its code depends on.
  std::string emittedKernel(llvm::StringRef key, llvm::StringRef base,
                            llvm::function_ref<void(llvm::StringRef name)> emit);

  mlir::ModuleOp getModule() { return module; }
  const codegen::Target &getTarget() const { return target; }
  /// Names in the order they were made.
  const std::vector<std::string> &names() const { return order; }

private:
  struct Entry {
    std::string kernel;
    LoopKernel loops;
    DimExpr scratchBytes;
    llvm::SmallVector<Packing, 1> packings;
    std::optional<Packing> unpacking;
  };

  struct Source;

  std::string uniqueName(mlir::Block &body);
  bool isMadeForSizes(const Source &source) const;
  Entry makeKernel(Source &source, codegen::Schedule &schedule, mlir::StringAttr givenName);
  /// A kernel just emitted, or the same one of before in its place.
  mlir::func::FuncOp shared(mlir::func::FuncOp function);
  KernelUse useOf(const Entry &entry, const DimRenaming &renaming) const;
  mlir::FailureOr<KernelUse> recurrenceFor(mlir::Operation *op, llvm::ArrayRef<mlir::Value> shared);

  mlir::ModuleOp module;
  const codegen::Target &target;
  ScheduleBook &schedules;
  llvm::StringMap<llvm::StringSet<>> sizesInUse; // by a contraction's operations over symbols
  size_t shapesInUse = 0;                        // of all contractions
  llvm::StringMap<Entry> entries;
  llvm::StringMap<std::string> emitted;              // by key
  llvm::StringMap<mlir::func::FuncOp> sharedKernels; // by text
  llvm::StringMap<std::string> cutNames;             // by signature
  llvm::StringMap<unsigned> nameCounts;
  std::vector<std::string> order;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_CLUSTERKERNELS_H
