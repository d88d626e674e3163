// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of passes over chunks: how their lanes are laid out, and their structured functions.

#include "compiler/codegen/recurrence/RecurrenceKernel.h"
#include "compiler/kernels/ClusterKernels.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/PointSpace.h"
#include "compiler/kernels/RangeOfSteps.h"
#include "compiler/kernels/RecurrenceCost.h"
#include "compiler/kernels/RecurrenceStep.h"
#include "compiler/kernels/StructuredFunction.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {

/// The buffers and the step of one operation.
struct Recurrence {
  explicit Recurrence(Operation *op, ArrayRef<Value> shared) : op(op), shared(shared) {
    if (auto totals = dyn_cast<ChunkTotalsOp>(op)) {
      spec.totals = true;
      spec.elements = totals.getElements().size();
      spec.chunks = dimsOf(totals.getTotals().front()).front();
      spec.length = dimsOf(totals.getElements().front()).front();
      spec.chunk = *DimExpr::parse(totals.getChunk());
      parts = totals.getParts();
      spec.ofTotals = totals.getElements().front().getDefiningOp<ChunkTotalsOp>() != nullptr;
      for (unsigned i = 0; i < spec.elements; ++i) {
        spec.mayLeaveRange.push_back(isArithmetic(body(), i));
        if (isProduct(body(), i))
          spec.products.push_back(i);
      }
    } else {
      auto scan = cast<ChunkScanOp>(op);
      spec.before = scan.getBefore();
      spec.states = scan.getStarts().size();
      spec.elements = scan.getElements().size();
      spec.keeps = SmallVector<bool>(scan.getKeeps());
      spec.chunks = dimsOf(scan.getStarts().front()).front();
      spec.length = dimsOf(scan.getElements().front()).front();
      spec.chunk = *DimExpr::parse(scan.getChunk());
      parts = scan.getParts();
      if (!scan.getOrigin().empty()) {
        spec.origins = scan.getOrigin().size();
        spec.originLength = dimsOf(scan.getOrigin().front()).front();
        spec.covers = *DimExpr::parse(*scan.getCovers());
        for (unsigned i = 0; i < spec.states; ++i)
          spec.mayLeaveRange.push_back(hasArithmetic(body(), i));
      }
    }
    spec.shared = shared.size();
  }

  Block &body() const { return op->getRegion(0).front(); }
  /// Lanes and vectors for these sizes: what a result is does not depend on them.
  void chooseLanes(const PointSpace &space, const codegen::Target &target);
  double nanosecondsPerStep() const;
  func::FuncOp outline(ModuleOp module, DimRenaming &renaming, IRMapping &mapping) const;

  Operation *op;
  ArrayRef<Value> shared;
  RecurrenceSpec spec;
  int64_t parts;
};

/// The axes that are joined into one end with the axis of that number; outermost first.
static SmallVector<unsigned> groupEnds(const PointSpace &space) {
  SmallVector<unsigned> ends;
  for (unsigned axis = 0; axis < space.rank(); ++axis)
    if (!space.joins(axis))
      ends.push_back(axis);
  return ends;
}

static DimExpr sizeOfGroup(const PointSpace &space, ArrayRef<unsigned> ends, unsigned group,
                           function_ref<DimExpr(const DimExpr &)> rename) {
  DimExpr size = 1;
  for (unsigned axis = group == 0 ? 0 : ends[group - 1] + 1; axis <= ends[group]; ++axis)
    size = size * rename(space.sizes()[axis]);
  return size;
}

void Recurrence::chooseLanes(const PointSpace &space, const codegen::Target &target) {
  SmallVector<Type> types(body().getArgumentTypes());
  for (Operation &inner : body().without_terminator())
    llvm::append_range(types, inner.getResultTypes());
  int64_t full = fullLanes(types, target);
  std::optional<int64_t> all = countElements(space.sizes()).asConstant();
  std::optional<int64_t> chunks = spec.chunks.asConstant();
  // A block has as many steps as lanes, all written out.
  int64_t acrossChunks = std::min<int64_t>(full, 16);
  if (!spec.before && all && *all >= 1 && *all <= kFewPoints && chunks && *chunks >= acrossChunks) {
    spec.acrossChunks = true;
    spec.lanes = acrossChunks;
    return;
  }
  SmallVector<unsigned> ends = groupEnds(space);
  if (ends.empty())
    return; // scalars
  spec.lanes = full;
  spec.masked = true;
  DimExpr size = sizeOfGroup(space, ends, ends.size() - 1, [](const DimExpr &dim) { return dim; });
  std::optional<int64_t> points = size.asConstant();
  if (!points || *points < 1)
    return;
  spec.lanes = std::min<int64_t>(full, llvm::PowerOf2Ceil(std::max<int64_t>(*points, 2)));
  spec.masked = *points % spec.lanes != 0;
  // All grid points have as many vectors, and there are as many points as parts where that is possible.
  spec.vectors = vectorsTogether(llvm::divideCeil(*points, spec.lanes), parts);
}

double Recurrence::nanosecondsPerStep() const {
  SmallVector<bool> kept(spec.keeps);
  StepCost cost(op->getRegion(0), spec.totals ? spec.elements : spec.states,
                ArrayRef(kept).drop_front(spec.totals ? 0 : spec.states), spec.totals);
  return spec.acrossChunks ? cost.ofChunks()
                           : cost.ofPoints(spec.vectors, estimateSize(spec.length));
}

func::FuncOp Recurrence::outline(ModuleOp module, DimRenaming &renaming, IRMapping &mapping) const {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> types;
  auto add = [&](TypeRange more) {
    for (Type type : more)
      types.push_back(renaming.rename(type));
  };
  add(op->getOperandTypes());
  add(ValueRange(shared).getTypes());
  add(op->getResultTypes());
  add(body().getArgumentTypes());
  SmallVector<Type> results;
  for (Type type : body().getTerminator()->getOperandTypes())
    results.push_back(renaming.rename(type));
  auto function =
      func::FuncOp::create(b, op->getLoc(), "source", b.getFunctionType(types, results));
  std::string text;
  llvm::raw_string_ostream os(text);
  os << (spec.ofTotals ? "totals of totals "
         : spec.totals ? "totals "
         : spec.before ? "before "
                       : "scan ")
     << "keeps ";
  for (bool keep : spec.keeps)
    os << keep;
  os << " shared " << spec.shared << " length " << renaming.rename(spec.length).str() << " chunk "
     << renaming.rename(spec.chunk).str() << " chunks " << renaming.rename(spec.chunks).str()
     << " lanes " << spec.lanes << " vectors " << spec.vectors << " masked " << spec.masked
     << " across " << spec.acrossChunks;
  if (spec.origins)
    os << " totals of " << renaming.rename(spec.covers).str() << " steps of "
       << renaming.rename(spec.originLength).str();
  function->setAttr("heddle.recurrence", b.getStringAttr(text));
  Block *entry = function.addEntryBlock();
  unsigned first = types.size() - body().getNumArguments();
  mapping.map(body().getArguments(), entry->getArguments().drop_front(first));
  mapping.map(shared, entry->getArguments().slice(op->getNumOperands(), shared.size()));
  b.setInsertionPointToStart(entry);
  cloneRenamed(body(), b, mapping, renaming);
  SmallVector<Value> yielded;
  for (Value value : body().getTerminator()->getOperands())
    yielded.push_back(mapping.lookup(value));
  func::ReturnOp::create(b, op->getLoc(), yielded);
  return function;
}

/// A state and the next one have the same axes, and so have the elements of one kind.
using Same = SmallVector<std::pair<Value, Value>>;

FailureOr<PointSpace> applySpace(Region &apply, std::string &reason) {
  Same same;
  ValueRange next = apply.front().getTerminator()->getOperands();
  for (auto [state, value] : llvm::zip(apply.getArguments(), next))
    same.emplace_back(state, value);
  return PointSpace::of(apply.front(), same, reason);
}

FailureOr<PointSpace> combineSpace(Region &combine, std::string &reason) {
  Same same;
  ValueRange totals = combine.front().getTerminator()->getOperands();
  for (auto [i, total] : llvm::enumerate(totals)) {
    same.emplace_back(combine.getArgument(i), total);
    same.emplace_back(combine.getArgument(i), combine.getArgument(totals.size() + i));
  }
  return PointSpace::of(combine.front(), same, reason);
}

FailureOr<KernelUse> ClusterKernels::recurrenceFor(Operation *op, ArrayRef<Value> shared) {
  Recurrence recurrence(op, shared);
  RecurrenceSpec &spec = recurrence.spec;
  std::string reason;
  FailureOr<PointSpace> space =
      spec.totals ? combineSpace(op->getRegion(0), reason) : applySpace(op->getRegion(0), reason);
  if (failed(space))
    return op->emitOpError("has a step that is not element-wise: ") << reason;
  recurrence.chooseLanes(*space, target);

  DimRenaming renaming;
  IRMapping toSource;
  func::FuncOp source = recurrence.outline(module, renaming, toSource);
  auto cleanUp = llvm::scope_exit([&] { source.erase(); });
  auto rename = [&](const DimExpr &dim) { return renaming.rename(dim); };
  SmallVector<unsigned> ends = groupEnds(*space);
  RecurrencePoints points;
  for (unsigned group = 0; group < ends.size(); ++group)
    points.groups.push_back(sizeOfGroup(*space, ends, group, rename));
  auto [found, isNew] = entries.try_emplace(textOf(source));
  Entry &entry = found->second;
  if (!isNew)
    return useOf(entry, renaming);

  spec.nanosecondsPerStep = recurrence.nanosecondsPerStep();
  spec.length = rename(spec.length);
  spec.chunk = rename(spec.chunk);
  spec.chunks = rename(spec.chunks);
  if (spec.origins) {
    spec.originLength = rename(spec.originLength);
    spec.covers = rename(spec.covers);
  }
  IRMapping toStructured;
  FailureOr<func::FuncOp> structured = buildStructured(source, renaming.symbols(), toStructured);
  if (failed(structured))
    return failure();
  auto addPlace = [&](Value value) {
    if (!space->knows(value))
      return;
    SmallVector<int64_t> &place = points.places[toStructured.lookup(toSource.lookup(value))];
    place.clear();
    for (int64_t axis : space->axesOf(value)) {
      auto end = llvm::find(ends, axis);
      place.push_back(end == ends.end() ? -1 : end - ends.begin());
    }
  };
  for (Value argument : recurrence.body().getArguments())
    addPlace(argument);
  for (Value value : shared)
    addPlace(value);
  for (Operation &inner : recurrence.body().without_terminator())
    for (Value value : inner.getResults())
      addPlace(value);
  std::string name = (spec.totals ? "totals_" : "scan_") + uniqueName(recurrence.body());
  entry = {
      name, emitRecurrenceKernel(*structured, name, spec, points, target), 0, {}, std::nullopt};
  order.push_back(name);
  structured->erase();
  return useOf(entry, renaming);
}

FailureOr<KernelUse> ClusterKernels::kernelFor(ChunkTotalsOp totals, ArrayRef<Value> shared) {
  return recurrenceFor(totals, shared);
}

FailureOr<KernelUse> ClusterKernels::kernelFor(ChunkScanOp scan, ArrayRef<Value> shared) {
  return recurrenceFor(scan, shared);
}

} // namespace heddle
