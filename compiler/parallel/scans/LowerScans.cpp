// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scans become passes over chunks (ChunkOps.td), in the form that suits their sizes.
//
// A step that is element-wise is a kernel with its states in registers. Any other scan becomes one
// onnx.Scan again, or several in the chunk form: their steps are tasks of their own. Its tree is operations
// on all pairs of a level.

#include "compiler/Passes.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/RangeOfSteps.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/scans/BatchedScan.h"
#include "compiler/parallel/scans/PairedScan.h"
#include "compiler/parallel/scans/ScanForms.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LOWERSCANSPASS
#include "compiler/Passes.h.inc"

namespace {

class ScanLowering {
public:
  ScanLowering(ScanOp scan, int64_t cores) : scan(scan), shape(scan), cores(cores), a(scan) {}

  /// The form that was computed; another one than was asked for where that is not possible.
  ScanForm lower(std::optional<ScanForm> asked);

private:
  void record(ScanForm form);
  void placeConstants(Region &region);
  ScanForm chooseForLoops(std::optional<ScanForm> asked);
  onnx::ScanOp loop(OpBuilder &b);
  void lowerToLoop() { scan.replaceAllUsesWith(loop(a.b).getResults()); }
  void lowerToLoops() { scan.replaceAllUsesWith(batched->build()); }
  void lowerToPairs();
  void lowerToPasses();
  SmallVector<Value> startsOf(ValueRange elements, unsigned level, DimExpr steps);

  SmallVector<bool> keeps();
  SmallVector<Value> stacked(ValueRange values);
  SmallVector<Value> chunkScan(const ScanLevel &level, ValueRange starts, ValueRange elements,
                               ArrayRef<bool> keeps, const DimExpr *covers = nullptr);
  void replace(ArrayRef<bool> kept, ArrayRef<Value> values);

  ScanOp scan;
  ScanShape shape;
  ScanCut cut;
  int64_t cores;
  Arithmetic a;
  std::unique_ptr<BatchedScan> batched; // of steps that are no kernels, in chunks
};

/// Numbers belong into the step, where code depends on them; larger constants are read like any value
/// from outside.
void ScanLowering::placeConstants(Region &region) {
  Block &block = region.front();
  IRMapping copies;
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (isa<onnx::ConstantOp>(op) && !isSingle(op.getResult(0)) &&
        llvm::none_of(op.getUses(), [](OpOperand &use) { return isParameter(use); }))
      op.moveBefore(scan);
  OpBuilder inside = OpBuilder::atBlockBegin(&block);
  region.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      auto constant = operand.get().getDefiningOp<onnx::ConstantOp>();
      bool outside = constant && !region.isAncestor(constant->getParentRegion());
      if (!outside || !(isSingle(constant.getResult()) || isParameter(operand)))
        continue;
      if (!copies.contains(constant.getResult()))
        inside.clone(*constant, copies);
      operand.set(copies.lookup(constant.getResult()));
    }
  });
}

SmallVector<bool> ScanLowering::keeps() {
  return llvm::map_to_vector(scan.getResults(), [](Value result) { return !result.use_empty(); });
}

/// Each as the only row.
SmallVector<Value> ScanLowering::stacked(ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return a.asRow(value); });
}

/// Over elements that are totals of `covers` steps, the states before each of them.
SmallVector<Value> ScanLowering::chunkScan(const ScanLevel &level, ValueRange starts,
                                           ValueRange elements, ArrayRef<bool> keeps,
                                           const DimExpr *covers) {
  SmallVector<Type> types;
  TypeRange states = scan.getInit().getTypes();
  DimExpr length = dimsOf(elements.front()).front();
  for (auto [i, keep] : llvm::enumerate(keeps))
    if (keep)
      types.push_back(i < states.size() ? states[i]
                                        : stackedType(states[i - states.size()], length));
  bool mayLeaveRange = covers && llvm::any_of(llvm::seq(states.size()), [&](unsigned i) {
                         return hasArithmetic(scan.getApply().front(), i);
                       });
  auto op = ChunkScanOp::create(
      a.b, a.loc, types, level.chunk.str(), partsFor(shape, cores), starts, elements,
      mayLeaveRange ? ValueRange(scan.getElements()) : ValueRange(), keeps, covers != nullptr,
      mayLeaveRange ? a.b.getStringAttr(covers->str()) : StringAttr());
  IRMapping mapping;
  scan.getApply().cloneInto(&op.getApply(), mapping);
  return llvm::to_vector_of<Value>(op.getKept());
}

void ScanLowering::replace(ArrayRef<bool> kept, ArrayRef<Value> values) {
  for (auto [result, keep] : llvm::zip(scan.getResults(), kept))
    if (keep) {
      result.replaceAllUsesWith(values.front());
      values = values.drop_front();
    }
}

/// The scan as a loop, a step after the other.
onnx::ScanOp ScanLowering::loop(OpBuilder &b) {
  SmallVector<Value> operands(scan.getOperands());
  auto loop = createScan(b, a.loc, scan.getResultTypes(), operands, scan.getElements().size());
  IRMapping mapping;
  scan.getApply().cloneInto(&loop.getBody(), mapping);
  Operation *yield = loop.getBody().front().getTerminator();
  SmallVector<Value> yielded(yield->getOperands()), results;
  llvm::append_range(results, yielded);
  llvm::append_range(results, yielded); // the last, and all of them
  OpBuilder inside(yield);
  onnx::YieldOp::create(inside, a.loc, results);
  yield->erase();
  return loop;
}

void ScanLowering::lowerToPairs() {
  scan.replaceAllUsesWith(buildTree(
      scan, [&](OpBuilder &b) { return llvm::to_vector_of<Value>(loop(b).getResults()); }));
}

/// The state before each chunk of a level, the elements of which stand for so many steps.
SmallVector<Value> ScanLowering::startsOf(ValueRange elements, unsigned level, DimExpr steps) {
  SmallVector<Type> types;
  for (Type type : scan.getCombine().front().getTerminator()->getOperandTypes())
    types.push_back(stackedType(type, cut[level].chunks));
  auto totals = ChunkTotalsOp::create(a.b, a.loc, types, cut[level].chunk.str(),
                                      partsFor(shape, cores), elements);
  IRMapping mapping;
  scan.getCombine().cloneInto(&totals.getCombine(), mapping);
  // A scan over the totals: the states before each of them.
  steps = steps * cut[level].chunk;
  SmallVector<bool> states(scan.getInit().size(), false);
  states.append(scan.getInit().size(), true);
  bool isLast = level + 1 == cut.size();
  ScanLevel next = isLast ? ScanLevel{cut[level].chunks, 1} : cut[level + 1];
  SmallVector<Value> starts =
      isLast ? stacked(scan.getInit()) : startsOf(totals.getTotals(), level + 1, steps);
  return chunkScan(next, starts, totals.getTotals(), states, &steps);
}

void ScanLowering::lowerToPasses() {
  SmallVector<bool> kept = keeps();
  ScanLevel whole{shape.length, 1};
  SmallVector<Value> starts =
      cut.empty() ? stacked(scan.getInit()) : startsOf(scan.getElements(), 0, 1);
  replace(kept, chunkScan(cut.empty() ? whole : cut[0], starts, scan.getElements(), kept));
}

/// Steps that are no kernels: one after the other, those of all chunks at once, or pairs of pairs.
ScanForm ScanLowering::chooseForLoops(std::optional<ScanForm> asked) {
  ScanForm wanted = asked.value_or(chooseFormForLoops(shape));
  std::string reason;
  if (wanted == ScanForm::Tree) {
    if (succeeded(hasTree(scan, reason)))
      return ScanForm::Tree;
    if (asked)
      recordSequential(scan, "its steps are no kernels (" + shape.reason +
                                 "), and have no tree: " + reason);
    wanted = ScanForm::Chunk;
  }
  if (wanted == ScanForm::Recurrent)
    return wanted;
  cut = cutForLoops(shape);
  reason = "it is too short, or how long it is is not known";
  if (!cut.empty()) {
    batched = std::make_unique<BatchedScan>(scan, *cut[0].chunk.asConstant());
    if (succeeded(batched->prepare(reason)))
      return ScanForm::Chunk;
    batched.reset();
  }
  cut.clear();
  recordSequential(scan,
                   "its steps are no kernels (" + shape.reason + "), and not in chunks: " + reason);
  return ScanForm::Recurrent;
}

ScanForm ScanLowering::lower(std::optional<ScanForm> asked) {
  placeConstants(scan.getApply());
  placeConstants(scan.getCombine());
  ScanForm form;
  if (!shape.elementwise) {
    form = chooseForLoops(asked);
  } else {
    form = asked.value_or(chooseForm(shape, cores));
    if (form == ScanForm::Tree && !shape.length.asConstant()) {
      recordSequential(scan, "the levels of a tree need a length that is known when compiling");
      form = ScanForm::Chunk;
    }
    cut = cutFor(shape, form, cores);
  }
  if (scan.use_empty())
    return form;
  record(form);
  if (shape.elementwise)
    lowerToPasses();
  else if (form == ScanForm::Tree)
    lowerToPairs();
  else if (batched)
    lowerToLoops();
  else
    lowerToLoop();
  return form;
}

void ScanLowering::record(ScanForm form) {
  bool inPairs = form == ScanForm::Tree && !shape.elementwise;
  Work work = inPairs ? workOfPairs(shape) : workOf(shape, cut);
  bool exact = form == ScanForm::Recurrent;
  std::string summary;
  llvm::raw_string_ostream os(summary);
  os << "a scan of " << shape.length.str() << " steps";
  for (const ScanLevel &level : cut)
    os << ", in " << level.chunks.str() << " chunks of " << level.chunk.str();
  recordConstruct(scan,
                  {.kind = "scan",
                   .summary = summary,
                   .proof = exact ? "steps in their order"
                                  : "a step by two elements combined is a step by each of them",
                   .equivalence = exact ? Equivalence::Exact : Equivalence::Reassociation,
                   .form = nameOf(form).str(),
                   .work = work.work,
                   .span = work.span});
}

struct LowerScans : impl::LowerScansPassBase<LowerScans> {
  using LowerScansPassBase::LowerScansPassBase;

  void runOnOperation() override {
    SmallVector<ScanOp> scans;
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
    for (ScanOp scan : scans) {
      // What a program says of one scan goes before what was said of all.
      StringRef name = scan.getForm() ? *scan.getForm() : StringRef(form);
      std::optional<ScanForm> asked = scanFormOf(name);
      if (!asked && !name.empty()) {
        scan.emitOpError("has the form '") << name << "'; there are recurrent, chunk and tree";
        return signalPassFailure();
      }
      ScanForm form = ScanLowering(scan, cores).lower(asked);
      numChunked += form == ScanForm::Chunk;
      numTrees += form == ScanForm::Tree;
      scan.erase();
    }
  }
};

} // namespace
} // namespace heddle
