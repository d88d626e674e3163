// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ClusterKernels.h"

#include "compiler/codegen/Target.h"
#include "compiler/codegen/loops/ElementEmitter.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/DimRenaming.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredFunction.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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

/// A function with the cluster's operations on renamed types, returning one result. Its text is the
/// key by which equal clusters are found.
func::FuncOp outlineSource(ModuleOp module, ClusterOp cluster, unsigned result,
                           ArrayRef<bool> constantOperands, DimRenaming &renaming) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Block &source = cluster.getBody().front();
  SmallVector<Type> types;
  for (Type type : source.getArgumentTypes())
    types.push_back(renaming.rename(type));
  Type resultType = renaming.rename(cluster.getYielded()[result].getType());
  auto function = func::FuncOp::create(b, cluster.getLoc(), "source",
                                       b.getFunctionType(types, resultType));
  // Whether a weight is packed is part of what the kernel is.
  function->setAttr("heddle.constants", b.getDenseBoolArrayAttr(constantOperands));
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

KernelUse ClusterKernels::useOf(const Entry &entry, const DimRenaming &renaming) const {
  return {.kernel = entry.kernel,
          .dims = SmallVector<DimExpr>(renaming.actuals()),
          .grid = renaming.resolve(entry.loops.grid),
          .scratchBytes = renaming.resolve(entry.scratchBytes),
          .cost = costOf(entry.loops, renaming),
          .pack = std::nullopt};
}

FailureOr<KernelUse> ClusterKernels::kernelFor(ClusterOp cluster, unsigned result,
                                               ArrayRef<bool> constantOperands) {
  auto contractions = llvm::count_if(cluster.getBody().front().without_terminator(),
                                     [](Operation &op) { return isContraction(&op); });
  bool contracts = contractions != 0;
  // What one contraction hands to another is laid out for its size.
  DimRenaming renaming(/*keepsSizes=*/contractions > 1);
  SmallVector<bool> constants(constantOperands);
  if (!contracts)
    constants.assign(constants.size(), false);
  func::FuncOp source = outlineSource(module, cluster, result, constants, renaming);
  auto cleanUp = llvm::scope_exit([&] { source.erase(); });
  std::string key = textOf(source), sizes = sizesText(renaming);
  std::string signature = ScheduleBook::signatureOf(key, sizes);
  codegen::Schedule schedule;
  if (contracts) {
    codegen::ScheduleChoice wanted = schedules.wanted(signature);
    schedule = codegen::Schedule(wanted);
    if (schedule.choose("sizes.known", 0, {1})) {
      source.erase();
      renaming = DimRenaming(/*keepsSizes=*/true);
      source = outlineSource(module, cluster, result, constants, renaming);
      key = textOf(source);
    }
    for (const auto &[name, value] : wanted)
      key += "\n" + name + " " + std::to_string(value);
    if (schedules.apart)
      key += "\n" + signature;
  }
  auto [found, isNew] = entries.try_emplace(key);
  Entry &entry = found->second;
  if (isNew) {
    // A cluster without a schedule is taken apart by the caller: nothing to report yet.
    ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
    IRMapping mapping;
    FailureOr<func::FuncOp> structured = buildStructured(source, renaming.symbols(), mapping);
    if (succeeded(structured)) {
      std::string name = uniqueName(cluster.getBody().front());
      if (contracts) {
        FailureOr<ContractionKernel> kernel =
            emitContractionKernel(*structured, name, constants, target.with(schedule));
        if (succeeded(kernel)) {
          schedules.entries.push_back({name, signature, sizes, schedule.knobs()});
          entry = {name, kernel->kernel, kernel->scratchBytes, kernel->packing, ""};
          order.push_back(name);
          if (entry.packing) {
            entry.packKernel = entry.packing->kernel.function.getName().str();
            order.push_back(entry.packKernel);
          }
        }
      } else {
        FailureOr<LoopKernel> kernel = emitLoopKernel(*structured, name, target);
        if (succeeded(kernel)) {
          entry = {name, *kernel, 0, std::nullopt, ""};
          order.push_back(name);
        }
      }
      structured->erase();
    }
  }
  if (entry.kernel.empty())
    return failure();
  KernelUse use = useOf(entry, renaming);
  SmallVector<DimExpr> packDims;
  if (entry.packing)
    for (const std::string &symbol : entry.packing->symbols)
      packDims.push_back(renaming.resolve(DimExpr::symbol(symbol)));
  if (entry.packing)
    use.pack = KernelUse::Pack{.operand = entry.packing->operand,
                               .kernel = entry.packKernel,
                               .dims = packDims,
                               .grid = renaming.resolve(entry.packing->kernel.grid),
                               .elements = renaming.resolve(entry.packing->elements),
                               .elementType = entry.packing->elementType,
                               .cost = costOf(entry.packing->kernel, renaming)};
  return use;
}

std::string ClusterKernels::emittedKernel(StringRef key, StringRef base,
                                          llvm::function_ref<void(StringRef)> emit) {
  std::string &name = emitted[key];
  if (name.empty()) {
    name = (base + "_" + Twine(nameCounts[base]++)).str();
    emit(name);
    order.push_back(name);
  }
  return name;
}

std::string ClusterKernels::sizesKernel(unsigned count, unsigned bits) {
  std::string name = "sizes_" + std::to_string(count) + "_i" + std::to_string(bits);
  if (nameCounts[name]++)
    return name;
  ImplicitLocOpBuilder b(module.getLoc(), OpBuilder::atBlockEnd(module.getBody()));
  Type element = b.getIntegerType(bits);
  SmallVector<Type> types{MemRefType::get({ShapedType::kDynamic}, element)};
  types.append(count + 2, b.getIndexType());
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  auto function = func::FuncOp::create(b, name, b.getFunctionType(types, b.getI32Type()));
  b.setInsertionPointToStart(function.addEntryBlock());
  for (unsigned i = 0; i < count; ++i) {
    Value size = arith::IndexCastOp::create(b, element, function.getArgument(1 + i));
    memref::StoreOp::create(b, size, function.getArgument(0),
                            ValueRange{arith::ConstantIndexOp::create(b, i)});
  }
  Value good = arith::ConstantIntOp::create(b, 0, 32);
  func::ReturnOp::create(b, good);
  order.push_back(name);
  return name;
}

} // namespace heddle
