// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A set of equal sub-graphs, grown from one bundle of equal operations.
//
// A *bundle* has one operation of each stream, in the order of the streams: all of the same operator,
// attributes and types, so that any bundle may be computed as one operation on stacked operands. A
// region takes in the bundles around the first one along the values between them, and then gives up
// what cannot be computed at one place: where a stream reads what another one computes, itself or by
// way of operations outside.
//
//   StreamRegion region(block, {matmul0, matmul1});
//   if (region.grow())
//     StreamsOp streams = region.extract();

#ifndef HEDDLE_COMPILER_PARALLEL_STREAMS_STREAMREGION_H
#define HEDDLE_COMPILER_PARALLEL_STREAMS_STREAMREGION_H

#include "dialects/heddle/Heddle.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace heddle {

using Bundle = llvm::SmallVector<mlir::Operation *, 8>;

/// What the streams' operations take, and make.
inline llvm::SmallVector<mlir::Value> operandsOf(const Bundle &bundle, unsigned operand) {
  return llvm::map_to_vector(bundle, [&](mlir::Operation *op) { return op->getOperand(operand); });
}
inline llvm::SmallVector<mlir::Value> resultsOf(const Bundle &bundle, unsigned result) {
  return llvm::map_to_vector(
      bundle, [&](mlir::Operation *op) -> mlir::Value { return op->getResult(result); });
}
/// Whether all streams take the same value.
inline bool isShared(llvm::ArrayRef<mlir::Value> values) { return llvm::all_equal(values); }

/// Whether the operations differ in nothing but the values they take.
bool isSameForm(mlir::Operation *a, mlir::Operation *b);

class StreamRegion {
public:
  StreamRegion(mlir::Block &block, const Bundle &seed)
      : block(block), count(seed.size()), seed(seed) {}

  /// False where not even the first bundle's operations are independent and have a form for all
  /// streams.
  bool grow();
  llvm::SmallVector<mlir::Operation *> operations() const {
    return llvm::to_vector(llvm::make_first_range(place));
  }
  /// Moves the region into an operation. Null, and nothing changes, where operations with effects
  /// stand in the way.
  StreamsOp extract();

private:
  void add(const Bundle &bundle);
  bool mayAdd(const Bundle &bundle) const;
  void addProducers(const Bundle &bundle);
  void addUsers(const Bundle &bundle);
  void addUsersOf(llvm::ArrayRef<mlir::Value> values, bool sameShared);
  bool isIndependent(mlir::Operation *op, const llvm::DenseSet<mlir::Operation *> &outside) const;
  bool prune();
  bool isInside(mlir::Operation *op) const { return place.contains(op); }
  bool readsRegion(mlir::Operation *op) const;
  bool dependsOn(mlir::Operation *op, const llvm::DenseSet<mlir::Operation *> &others) const;

  struct Place {
    unsigned bundle, stream;
  };

  mlir::Block &block;
  unsigned count;
  Bundle seed;
  std::vector<Bundle> bundles;
  llvm::DenseMap<mlir::Operation *, Place> place;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_STREAMS_STREAMREGION_H
