// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ClusterKernels.h"

#include "compiler/codegen/Target.h"
#include "compiler/codegen/loops/ElementEmitter.h"
#include "compiler/kernels/ClusterCuts.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/DimRenaming.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredFunction.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace heddle {
namespace {

/// What a kernel's symbols stand for.
std::string sizesText(const DimRenaming &renaming) {
  std::string text;
  for (const DimExpr &size : renaming.actuals())
    text += (text.empty() ? "" : " ") + size.str();
  return text;
}

/// A function with the cluster's operations on renamed types, returning one result.
func::FuncOp outlineSource(ModuleOp module, ClusterOp cluster, unsigned result,
                           DimRenaming &renaming) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Block &source = cluster.getBody().front();
  SmallVector<Type> types;
  for (Type type : source.getArgumentTypes())
    types.push_back(renaming.rename(type));
  Type resultType = renaming.rename(cluster.getYielded()[result].getType());
  auto function =
      func::FuncOp::create(b, cluster.getLoc(), "source", b.getFunctionType(types, resultType));
  Block *body = function.addEntryBlock();
  IRMapping mapping;
  mapping.map(source.getArguments(), body->getArguments());
  b.setInsertionPointToStart(body);
  cloneRenamed(source, b, mapping, renaming);
  func::ReturnOp::create(b, cluster.getLoc(), mapping.lookup(cluster.getYielded()[result]));
  // Operations that only other results need.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body->without_terminator())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return function;
}

} // namespace

std::string ClusterKernels::uniqueName(Block &body) {
  // The first and the last operation say enough: "conv_relu_3".
  std::string name;
  SmallVector<StringRef> operators;
  for (Operation &op : body.without_terminator())
    if (!isa<onnx::ConstantOp, IndexTensorOp>(op))
      operators.push_back(op.getName().stripDialect());
  name = operators.empty() ? "step" : operators.front().lower();
  if (operators.size() > 1)
    name += "_" + operators.back().lower();
  std::replace(name.begin(), name.end(), '.', '_');
  return name + "_" + std::to_string(nameCounts[name]++);
}

KernelCost::KernelCost(double nanosecondsPerElement, const DimExpr &elements)
    : nanoseconds(nanosecondsPerElement), work(elements) {
  if (std::optional<int64_t> number = elements.asConstant()) {
    nanoseconds *= static_cast<double>(*number);
    work = 1;
  }
}

static KernelCost costOf(const LoopKernel &kernel, const DimRenaming &renaming) {
  return {kernel.nanosecondsPerElement, renaming.resolve(kernel.pointElements)};
}

static KernelUse::Pack packOf(const Packing &packing, const DimRenaming &renaming) {
  SmallVector<DimExpr> dims;
  for (const DimExpr &size : packing.sizes)
    dims.push_back(renaming.resolve(size));
  return {.operand = packing.operand,
          .kernel = func::FuncOp(packing.kernel.function).getName().str(),
          .dims = dims,
          .grid = renaming.resolve(packing.kernel.grid),
          .elements = renaming.resolve(packing.elements),
          .elementType = packing.elementType,
          .cost = costOf(packing.kernel, renaming)};
}

KernelUse ClusterKernels::useOf(const Entry &entry, const DimRenaming &renaming) const {
  KernelUse use{.kernel = entry.kernel,
                .dims = SmallVector<DimExpr>(renaming.actuals()),
                .grid = renaming.resolve(entry.loops.grid),
                .scratchBytes = renaming.resolve(entry.scratchBytes),
                .cost = costOf(entry.loops, renaming),
                .packs = {},
                .unpack = {}};
  for (const Packing &packing : entry.packings)
    use.packs.push_back(packOf(packing, renaming));
  if (entry.unpacking)
    use.unpack = packOf(*entry.unpacking, renaming);
  return use;
}

/// One result of a cluster as a function, for as long as this is, and what it is known by.
struct ClusterKernels::Source {
  Source(ModuleOp module, ClusterOp cluster, unsigned result, ArrayRef<bool> constantOperands)
      : module(module), cluster(cluster), result(result), constants(constantOperands) {
    int64_t contractions = llvm::count_if(computedOperations(cluster), isContraction);
    contracts = contractions > 0;
    if (!contracts)
      constants.assign(constants.size(), false);
    // What one contraction hands to another is laid out for its size, and so are tiles.
    sizesKept = contractions > 1 || llvm::any_of(computedOperations(cluster), isUsuallyWinograd);
    outline(sizesKept);
    sizes = sizesText(renaming);
    signature = ScheduleBook::signatureOf(key, sizes);
  }
  ~Source() { function.erase(); }
  Source(const Source &) = delete;

  /// The signature stays that of the cluster over symbols.
  void keepSizes() {
    function.erase();
    outline(/*keepsSizes=*/true);
  }

  ModuleOp module;
  ClusterOp cluster;
  unsigned result;
  bool contracts;
  bool sizesKept; // whatever its schedule says
  SmallVector<bool> constants;
  DimRenaming renaming;
  func::FuncOp function;
  std::string operations, key, sizes, signature;

private:
  void outline(bool keepsSizes) {
    renaming = DimRenaming(keepsSizes);
    function = outlineSource(module, cluster, result, renaming);
    operations = key = textOf(function);
    // Whether a weight is packed is part of what the kernel is.
    for (bool constant : constants)
      key += constant ? '1' : '0';
  }
};

std::optional<ClusterKernels::Cut> ClusterKernels::cutOf(ClusterOp cluster,
                                                         ArrayRef<bool> constantOperands) {
  SmallVector<int64_t> cuts = cutsOf(cluster);
  if (cuts.empty())
    return std::nullopt;
  Source source(module, cluster, 0, constantOperands);
  codegen::Schedule schedule(schedules.wanted(source.signature));
  int64_t operations = schedule.choose(kFusionCut, 0, cuts);
  if (operations == 0)
    return std::nullopt;
  std::string &name = cutNames[source.signature];
  if (name.empty()) {
    name = uniqueName(cluster.getBody().front());
    schedules.entries.push_back({name, source.signature, source.sizes, schedule.knobs()});
  }
  return Cut{name, operations};
}

void ClusterKernels::countSizes(func::FuncOp program) {
  DenseSet<std::pair<Type, Type>> shapes;
  program.walk([&](Operation *op) {
    if (isContraction(op)) // pooling has one operand
      shapes.insert({op->getOperand(0).getType(),
                     op->getOperand(op->getNumOperands() > 1 ? 1 : 0).getType()});
    auto cluster = dyn_cast<ClusterOp>(op);
    if (!cluster || llvm::none_of(computedOperations(cluster), isContraction))
      return;
    for (unsigned result = 0; result < cluster.getNumResults(); ++result) {
      Source source(module, cluster, result, {});
      if (source.contracts && !source.sizesKept)
        sizesInUse[source.operations].insert(source.sizes);
    }
  });
  shapesInUse = shapes.size();
}

/// Code for one size is faster, and a third or less of the code for all of them (docs/small-models.md).
bool ClusterKernels::isMadeForSizes(const Source &source) const {
  constexpr size_t kFewShapes = 64, kFewSizes = 3;
  auto sizes = sizesInUse.find(source.operations);
  return shapesInUse <= kFewShapes ||
         (sizes != sizesInUse.end() && sizes->second.size() <= kFewSizes);
}

FailureOr<KernelUse> ClusterKernels::kernelFor(ClusterOp cluster, unsigned result,
                                               ArrayRef<bool> constantOperands) {
  Source source(module, cluster, result, constantOperands);
  codegen::ScheduleChoice wanted = schedules.wanted(source.signature);
  codegen::Schedule schedule(wanted);
  if (SmallVector<int64_t> cuts = cutsOf(cluster); !cuts.empty())
    schedule.choose(kFusionCut, 0, cuts);
  if (source.contracts && !source.sizesKept) {
    bool usual = isMadeForSizes(source);
    if (schedule.choose("sizes.known", usual, {!usual}))
      source.keepSizes();
  }
  std::string key = source.key;
  for (const auto &[name, value] : wanted)
    key += "\n" + name + " " + std::to_string(value);
  auto name = cluster->getAttrOfType<StringAttr>(kKernelName); // of a part
  if (schedules.apart && !schedule.knobs().empty())
    key += "\n" + source.signature;
  if (schedules.apart && name)
    key += "\n" + name.str();
  auto [found, isNew] = entries.try_emplace(key);
  if (isNew) {
    found->second = makeKernel(source, schedule, name);
    if (!found->second.kernel.empty() && !schedule.knobs().empty())
      schedules.entries.push_back(
          {found->second.kernel, source.signature, source.sizes, schedule.knobs()});
  }
  const Entry &entry = found->second;
  if (entry.kernel.empty())
    return failure();
  return useOf(entry, source.renaming);
}

/// Without a kernel where the cluster cannot be one: it is taken apart then, so there is nothing to
/// report yet.
ClusterKernels::Entry ClusterKernels::makeKernel(Source &source, codegen::Schedule &schedule,
                                                 StringAttr givenName) {
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  IRMapping mapping;
  FailureOr<func::FuncOp> structured =
      buildStructured(source.function, source.renaming.symbols(), mapping);
  if (failed(structured))
    return {};
  auto cleanUp = llvm::scope_exit([&] { structured->erase(); });
  Block &body = source.cluster.getBody().front();
  std::string name = givenName ? givenName.str() : uniqueName(body);
  Entry entry;
  if (!source.contracts) {
    FailureOr<LoopKernel> kernel = emitLoopKernel(*structured, name, target);
    if (failed(kernel))
      return {};
    entry = {name, *kernel, 0, {}, std::nullopt};
  } else {
    FailureOr<ContractionKernel> kernel =
        emitContractionKernel(*structured, name, source.constants, target.with(schedule));
    if (failed(kernel))
      return {};
    entry = {name, kernel->kernel, kernel->scratchBytes, kernel->packings, kernel->unpacking};
  }
  order.push_back(name);
  for (Packing &packing : entry.packings)
    packing.kernel.function = shared(packing.kernel.function);
  if (entry.unpacking)
    entry.unpacking->kernel.function = shared(entry.unpacking->kernel.function);
  return entry;
}

func::FuncOp ClusterKernels::shared(func::FuncOp function) {
  std::string name = function.getName().str();
  function.setSymName("shared");
  auto [found, isNew] = sharedKernels.try_emplace(textOf(function), function);
  if (isNew) {
    function.setSymName(name);
    order.push_back(name);
  } else {
    function.erase();
  }
  return found->second;
}

} // namespace heddle
