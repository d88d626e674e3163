// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ClusterKernels.h"

#include "compiler/codegen/loops/ElementEmitter.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/DimRenaming.h"
#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
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
  for (Operation &op : source.without_terminator()) {
    Operation *copy = b.clone(op, mapping);
    if (hasFewPixels(&op)) // so is what fills its vectors
      copy->setAttr(kFewPixels, b.getUnitAttr());
    for (Value value : copy->getResults())
      value.setType(renaming.rename(value.getType()));
    if (auto sizes = dyn_cast<IndexTensorOp>(copy)) {
      SmallVector<Attribute> exprs;
      for (Attribute text : sizes.getExprs()) {
        DimExpr expr = *DimExpr::parse(cast<StringAttr>(text).getValue());
        exprs.push_back(b.getStringAttr(renaming.rename(expr).str()));
      }
      sizes.setExprsAttr(b.getArrayAttr(exprs));
    }
  }
  func::ReturnOp::create(b, cluster.getLoc(), mapping.lookup(cluster.getYielded()[result]));
  // Operations that only other results need.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body->without_terminator())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return function;
}

std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  op->print(os, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

/// A single known number as a structured value, so that bodies meet it as a constant.
Value scalarConstant(KernelBuilder &b, onnx::ConstantOp constant) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant.getValueAttr());
  if (!elements || elements.getNumElements() != 1)
    return nullptr;
  Type type = signlessType(elements.getElementType());
  TypedAttr attribute;
  if (isa<FloatType>(type))
    attribute = b.getFloatAttr(type, *elements.value_begin<APFloat>());
  else
    attribute = b.getIntegerAttr(type, *elements.value_begin<APInt>());
  Value scalar = arith::ConstantOp::create(b, attribute);
  return b.filled(getDims(cast<RankedTensorType>(constant.getType())), scalar);
}

Type signlessTensor(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), signlessType(tensor.getElementType()),
                               tensor.getEncoding());
}

/// The structured form: see LoopKernel.h and ContractionKernel.h.
FailureOr<func::FuncOp> buildStructured(func::FuncOp source, ArrayRef<std::string> symbols) {
  OpBuilder b(source);
  SmallVector<Type> types;
  for (Type type : source.getArgumentTypes())
    types.push_back(signlessTensor(type));
  types.append(symbols.size(), b.getIndexType());
  Type resultType = signlessTensor(source.getResultTypes()[0]);
  auto function = func::FuncOp::create(b, source.getLoc(), "structured",
                                       b.getFunctionType(types, resultType));
  SmallVector<StringRef> names(symbols.begin(), symbols.end());
  function->setAttr("heddle.symbols", b.getStrArrayAttr(names));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);

  IRMapping mapping;
  unsigned tensors = source.getNumArguments();
  for (unsigned i = 0; i < tensors; ++i)
    mapping.map(source.getArgument(i), body->getArgument(i));
  llvm::StringMap<Value> symbolValues;
  for (auto [i, symbol] : llvm::enumerate(symbols))
    symbolValues[symbol] = body->getArgument(tensors + i);

  for (Operation &op : source.getBody().front()) {
    KernelBuilder kernel(op.getLoc(), b, symbolValues);
    if (isa<func::ReturnOp>(op)) {
      func::ReturnOp::create(b, op.getLoc(), mapping.lookup(op.getOperand(0)));
      continue;
    }
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      mapping.map(constant.getResult(), scalarConstant(kernel, constant));
      continue;
    }
    if (isa<IndexTensorOp>(op)) {
      mapping.map(op.getResult(0), Value());
      continue;
    }
    SmallVector<Value> operands, results;
    for (Value operand : op.getOperands())
      operands.push_back(mapping.lookup(operand));
    if (isContraction(&op)) {
      Operation *copy = b.clone(op, mapping);
      copy->getResult(0).setType(signlessTensor(op.getResult(0).getType()));
      // Signedness is not in the structured types.
      SmallVector<bool> isUnsigned;
      for (Value operand : op.getOperands())
        isUnsigned.push_back(elementTypeOf(operand).isUnsignedInteger());
      copy->setAttr("heddle.unsigned", b.getDenseBoolArrayAttr(isUnsigned));
      mapping.map(op.getResult(0), copy->getResult(0));
      continue;
    }
    if (failed(findStructuredLowering(&op)->lower(kernel, &op, operands, results))) {
      function.erase();
      return failure();
    }
    for (auto [result, lowered] : llvm::zip(op.getResults(), results))
      mapping.map(result, lowered);
  }
  return function;
}

} // namespace

std::string ClusterKernels::uniqueName(Operation *cluster) {
  // The first and the last operation say enough: "conv_relu_3".
  Block &body = cast<ClusterOp>(cluster).getBody().front();
  std::string name;
  SmallVector<StringRef> operators;
  for (Operation &op : body.without_terminator())
    if (!isa<onnx::ConstantOp, IndexTensorOp>(op))
      operators.push_back(op.getName().stripDialect());
  name = operators.front().lower();
  if (operators.size() > 1)
    name += "_" + operators.back().lower();
  std::replace(name.begin(), name.end(), '.', '_');
  return name + "_" + std::to_string(nameCounts[name]++);
}

FailureOr<KernelUse> ClusterKernels::kernelFor(ClusterOp cluster, unsigned result,
                                               ArrayRef<bool> constantOperands) {
  DimRenaming renaming;
  bool contracts = llvm::any_of(cluster.getBody().front().without_terminator(),
                                [](Operation &op) { return isContraction(&op); });
  SmallVector<bool> constants(constantOperands);
  if (!contracts)
    constants.assign(constants.size(), false);
  func::FuncOp source = outlineSource(module, cluster, result, constants, renaming);
  auto cleanUp = llvm::scope_exit([&] { source.erase(); });
  auto [found, isNew] = entries.try_emplace(textOf(source));
  Entry &entry = found->second;
  if (isNew) {
    // A cluster without a schedule is taken apart by the caller: nothing to report yet.
    ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
    FailureOr<func::FuncOp> structured = buildStructured(source, renaming.symbols());
    if (succeeded(structured)) {
      std::string name = uniqueName(cluster);
      if (contracts) {
        FailureOr<ContractionKernel> kernel =
            emitContractionKernel(*structured, name, constants, target);
        if (succeeded(kernel)) {
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
  auto cost = [&](const LoopKernel &kernel) {
    return estimateSize(renaming.resolve(kernel.pointElements)) * kernel.nanosecondsPerElement;
  };
  KernelUse use{.kernel = entry.kernel,
                .dims = SmallVector<DimExpr>(renaming.actuals()),
                .grid = renaming.resolve(entry.loops.grid),
                .scratchBytes = renaming.resolve(entry.scratchBytes),
                .costPerPoint = cost(entry.loops),
                .pack = std::nullopt};
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
                               .costPerPoint = cost(entry.packing->kernel)};
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
