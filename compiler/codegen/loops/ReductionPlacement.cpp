// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/ReductionPlacement.h"

#include "compiler/codegen/loops/LoopSchedule.h"
#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace heddle {
namespace {

constexpr int64_t kReduced = PlacedReduction::kReduced, kFirst = PlacedReduction::kFirst;
constexpr int64_t kComputed = -3; // an index that depends on anything

class Placement {
public:
  SmallVector<PlacedReduction> placed;
  bool failed = false;

  /// `source` says what each dimension of the operation's iteration space is.
  void visitGeneric(linalg::GenericOp generic, ArrayRef<int64_t> source) {
    for (auto [operand, map] : llvm::zip(generic.getInputs(), generic.getIndexingMapsArray())) {
      SmallVector<int64_t> place;
      for (AffineExpr expr : map.getResults()) {
        auto dim = dyn_cast<AffineDimExpr>(expr);
        place.push_back(dim ? source[dim.getPosition()] : kFirst);
      }
      visitTensor(operand, place);
    }
    generic.getRegion().walk([&](Operation *op) {
      if (auto extract = dyn_cast<tensor::ExtractOp>(op))
        visitTensor(extract.getTensor(), placeOf(extract.getIndices(), source));
      else if (auto load = dyn_cast<LoadOrOp>(op))
        visitTensor(load.getSource(), placeOf(load.getIndices(), source));
    });
  }

private:
  SmallVector<int64_t> placeOf(ValueRange indices, ArrayRef<int64_t> source) {
    return llvm::map_to_vector(indices, [&](Value index) {
      auto dimension = index.getDefiningOp<linalg::IndexOp>();
      return dimension ? source[dimension.getDim()] : kComputed;
    });
  }

  void visitTensor(Value tensor, ArrayRef<int64_t> place) {
    auto producer = tensor.getDefiningOp<linalg::GenericOp>();
    if (!producer)
      return;
    if (!isReduction(producer))
      return visitGeneric(producer, place); // the output maps of maps are identities
    SmallVector<int64_t> source(producer.getNumLoops(), kReduced);
    AffineMap toResult = producer.getIndexingMapsArray().back();
    for (auto [expr, coordinate] : llvm::zip(toResult.getResults(), place)) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      failed |= coordinate == kReduced || coordinate == kComputed;
      source[dim.getPosition()] = coordinate;
    }
    for (PlacedReduction &known : placed)
      if (known.reduction == producer) {
        failed |= known.source != source;
        return;
      }
    visitGeneric(producer, source);
    placed.push_back({producer, source});
  }
};

} // namespace

std::optional<SmallVector<PlacedReduction>> placeReductions(linalg::GenericOp root) {
  SmallVector<int64_t> source;
  for (auto [axis, iterator] : llvm::enumerate(root.getIteratorTypesArray()))
    source.push_back(iterator == utils::IteratorType::parallel ? static_cast<int64_t>(axis)
                                                               : kReduced);
  Placement placement;
  placement.visitGeneric(root, source);
  if (placement.failed)
    return std::nullopt;
  return std::move(placement.placed);
}

} // namespace heddle
