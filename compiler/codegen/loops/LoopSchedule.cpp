// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/LoopSchedule.h"

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace heddle {

bool isReduction(linalg::GenericOp generic) { return generic.getNumReductionLoops() != 0; }

static Dims dimsOfTensor(Value tensor) { return getDims(cast<RankedTensorType>(tensor.getType())); }

Dims iterationSpace(linalg::GenericOp generic) {
  Dims space(generic.getNumLoops(), DimExpr::unknown());
  for (OpOperand &operand : generic->getOpOperands()) {
    Dims dims = dimsOfTensor(operand.get());
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    for (auto [axis, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (!space[dim.getPosition()].isKnown())
          space[dim.getPosition()] = dims[axis];
  }
  return space;
}

namespace {

/// Walks what the result depends on, with the map from the root's iteration space to each place.
class AccessWalk {
public:
  explicit AccessWalk(const Dims &rootSpace) : rootSpace(rootSpace), joins(rootSpace.size(), true) {
    if (!joins.empty())
      joins.back() = false;
  }

  void visitBody(linalg::GenericOp generic, AffineMap toIteration) {
    bool computesIndices = false;
    generic.getRegion().walk([&](Operation *op) {
      if (isa<LookUpOp>(op)) // of a table, which is the same at all places
        return;
      computesIndices |= isa<linalg::IndexOp, tensor::ExtractOp, LoadOrOp>(op);
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()))
          visit(operand, AffineMap()); // at computed places
    });
    if (computesIndices)
      joins.assign(joins.size(), false);
    for (auto [operand, map] : llvm::zip(generic.getInputs(), generic.getIndexingMapsArray()))
      visit(operand, toIteration ? map.compose(toIteration) : AffineMap());
  }

  void visit(Value tensor, AffineMap place) {
    Operation *producer = tensor.getDefiningOp();
    if (!isa_and_nonnull<linalg::GenericOp, linalg::FillOp>(producer)) {
      restrict(place); // an operand of the kernel or a contraction's result
      reads.push_back({tensor, place});
      return;
    }
    if (auto generic = dyn_cast<linalg::GenericOp>(producer)) {
      if (isReduction(generic)) {
        if (!visited.insert(generic).second)
          return;
        Dims space = iterationSpace(generic);
        bool sameSpace = space == rootSpace;
        visitBody(generic,
                  sameSpace ? AffineMap::getMultiDimIdentityMap(space.size(), tensor.getContext())
                            : AffineMap());
        if (!sameSpace)
          joins.assign(joins.size(), false);
        reductions.push_back(generic);
        return;
      }
      if (walked.insert({tensor, place}).second)
        visitBody(generic, place); // output maps of maps are identities
    }
  }

  /// Dimensions k and k + 1 stay joined where this access has both, in order and side by side, or
  /// neither.
  void restrict(AffineMap place) {
    if (!place) {
      joins.assign(joins.size(), false);
      return;
    }
    SmallVector<int64_t> position(rootSpace.size(), -1);
    for (auto [axis, expr] : llvm::enumerate(place.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        position[dim.getPosition()] = axis;
    for (unsigned k = 0; k + 1 < rootSpace.size(); ++k) {
      bool neither = position[k] < 0 && position[k + 1] < 0;
      bool both = position[k] >= 0 && position[k + 1] == position[k] + 1;
      joins[k] = joins[k] && (neither || both);
    }
  }

  const Dims &rootSpace;
  SmallVector<bool> joins;
  SmallVector<linalg::GenericOp> reductions;
  SmallVector<Read> reads;
  llvm::DenseSet<Operation *> visited;                // reductions
  llvm::DenseSet<std::pair<Value, AffineMap>> walked; // other producers, by place
};

/// The leading parallel dimensions, where all others are reduced; nothing where they are mixed.
std::optional<unsigned> leadingParallel(linalg::GenericOp generic) {
  auto iterators = generic.getIteratorTypesArray();
  unsigned count = 0;
  while (count < iterators.size() && iterators[count] == utils::IteratorType::parallel)
    ++count;
  for (unsigned k = count; k < iterators.size(); ++k)
    if (iterators[k] == utils::IteratorType::parallel)
      return std::nullopt;
  return count;
}

/// Windows are small: their lanes would be mostly idle.
bool reducesWindow(linalg::GenericOp generic) {
  return llvm::any_of(generic.getInputs(), [](Value input) {
    return input.getDefiningOp<tensor::EmptyOp>() != nullptr;
  });
}

/// Reductions of any dimensions, for neighbouring results at once.
bool chooseColumns(LoopSchedule &schedule) {
  std::optional<SmallVector<PlacedReduction>> placed = placeReductions(schedule.root);
  if (!placed)
    return false;
  schedule.kind = LoopSchedule::Column;
  schedule.placed = *std::move(placed);
  schedule.joins.assign(schedule.joins.size(), false);
  SmallVector<bool> isColumn(schedule.iteration.size(), false);
  for (const PlacedReduction &placement : schedule.placed)
    for (int64_t source : placement.source)
      if (source >= 0)
        isColumn[source] = true;
  if (isReduction(schedule.root))
    for (auto [axis, iterator] : llvm::enumerate(schedule.root.getIteratorTypesArray()))
      isColumn[axis] = iterator == utils::IteratorType::parallel;
  for (auto [axis, column] : llvm::enumerate(isColumn))
    if (column)
      schedule.columns.push_back(axis);
  return true;
}

} // namespace

SmallVector<bool> joinableDimensions(Value result) {
  Dims space = dimsOfTensor(result);
  AccessWalk walk(space);
  auto identity = AffineMap::getMultiDimIdentityMap(space.size(), result.getContext());
  if (auto root = result.getDefiningOp<linalg::GenericOp>())
    walk.visitBody(root, identity);
  else
    walk.visit(result, identity);
  return walk.joins;
}

FailureOr<LoopSchedule> chooseSchedule(func::FuncOp structured) {
  LoopSchedule schedule;
  auto returnOp = cast<func::ReturnOp>(structured.getBody().front().getTerminator());
  schedule.result = returnOp.getOperand(0);
  schedule.root = schedule.result.getDefiningOp<linalg::GenericOp>();
  schedule.iteration =
      schedule.root ? iterationSpace(schedule.root) : dimsOfTensor(schedule.result);
  unsigned rank = schedule.iteration.size();
  AccessWalk walk(schedule.iteration);
  auto identity = AffineMap::getMultiDimIdentityMap(rank, structured.getContext());
  if (schedule.root)
    walk.visitBody(schedule.root, identity);
  else
    walk.visit(schedule.result, identity);
  schedule.joins = walk.joins;
  schedule.reductions = walk.reductions;

  auto refuse = [&](const Twine &why) -> FailureOr<LoopSchedule> {
    structured.emitError("no loop schedule: ") << why;
    return failure();
  };
  bool rootReduces = schedule.root && isReduction(schedule.root);
  if (!rootReduces && schedule.reductions.empty()) {
    schedule.kind = LoopSchedule::Map;
    schedule.turned = findTurnedReads(walk.reads, schedule.iteration);
    return schedule;
  }
  // The rows of all reductions must be the same.
  std::optional<unsigned> outer;
  auto agree = [&](linalg::GenericOp reduction) {
    std::optional<unsigned> leading = leadingParallel(reduction);
    if (!leading || (outer && *outer != *leading))
      return false;
    Dims space = iterationSpace(reduction);
    for (unsigned k = 0; k < *leading; ++k)
      if (k >= rank || space[k] != schedule.iteration[k])
        return false;
    outer = leading;
    return true;
  };
  bool sameRows = llvm::all_of(schedule.reductions, [&](linalg::GenericOp reduction) {
    return !reducesWindow(reduction) && agree(reduction);
  });
  if (sameRows && rootReduces)
    sameRows = !reducesWindow(schedule.root) && agree(schedule.root);
  if (sameRows) {
    schedule.kind = rootReduces ? LoopSchedule::Reduce : LoopSchedule::Row;
    schedule.outer = *outer;
  } else if (!chooseColumns(schedule)) {
    return refuse("reductions at places that depend on more than those of the result");
  }
  // Joining must not mix rows with what is in a row.
  if (schedule.kind == LoopSchedule::Row && schedule.outer > 0)
    schedule.joins[schedule.outer - 1] = false;
  if (schedule.kind == LoopSchedule::Reduce) {
    auto iterators = schedule.root.getIteratorTypesArray();
    for (unsigned k = 0; k + 1 < rank; ++k)
      if (iterators[k] != iterators[k + 1])
        schedule.joins[k] = false;
  }
  return schedule;
}

} // namespace heddle
