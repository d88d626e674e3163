// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/StructuredFunction.h"

#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle {

/// Of its results, of regions' arguments, and of operations within them.
static void renameDims(Operation *op, DimRenaming &renaming) {
  Builder b(op->getContext());
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    for (Value value : inner->getResults())
      value.setType(renaming.rename(value.getType()));
    for (Region &region : inner->getRegions())
      for (Value argument : region.getArguments())
        argument.setType(renaming.rename(argument.getType()));
    if (auto sizes = dyn_cast<IndexTensorOp>(inner)) {
      SmallVector<Attribute> exprs;
      for (Attribute text : sizes.getExprs()) {
        DimExpr expr = *DimExpr::parse(cast<StringAttr>(text).getValue());
        exprs.push_back(b.getStringAttr(renaming.renameNumber(expr).str()));
      }
      sizes.setExprsAttr(b.getArrayAttr(exprs));
    }
  });
}

void cloneRenamed(Block &source, OpBuilder &b, IRMapping &mapping, DimRenaming &renaming) {
  // Sizes first, as a number that equals one is not negative.
  source.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      renaming.rename(type);
  });
  for (Operation &op : source.without_terminator()) {
    Operation *copy = b.clone(op, mapping);
    if (hasSinglePixel(&op)) // so is what fills its vectors
      copy->setAttr(kSinglePixel, b.getUnitAttr());
    else if (isFasterDirect(&op))
      copy->setAttr(kFasterDirect, b.getUnitAttr());
    if (std::optional<int64_t> registers = registersForPixelsInLanes(&op))
      copy->setAttr(kPixelsInLanes, b.getI64IntegerAttr(*registers));
    if (hasEvenWindows(&op))
      copy->setAttr(kEvenWindows, b.getUnitAttr());
    renameDims(copy, renaming);
  }
}

std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  op->print(os, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

/// A single known number as a structured value, so that bodies meet it as a constant.
static Value scalarConstant(KernelBuilder &b, onnx::ConstantOp constant) {
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

static Type signlessTensor(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), signlessType(tensor.getElementType()),
                               tensor.getEncoding());
}

/// The dimensions that are not 1.
static Dims properDims(Value value) {
  Dims dims = dimsOf(value);
  llvm::erase_if(dims, [](const DimExpr &dim) { return dim.isConstant(1); });
  return dims;
}

bool changesUnitAxesOnly(Operation *op) {
  return mayBe(OperationKind::View, op->getName()) &&
         properDims(op->getOperand(0)) == properDims(op->getResult(0));
}

static Value withUnitAxes(KernelBuilder &b, Value result, Value operand) {
  Dims dims = b.dims(result);
  SmallVector<AffineExpr> places;
  unsigned axis = 0;
  for (const DimExpr &dim : dimsOf(operand)) {
    if (dim.isConstant(1)) {
      places.push_back(b.getAffineConstantExpr(0));
      continue;
    }
    while (dims[axis].isConstant(1))
      ++axis;
    places.push_back(b.getAffineDimExpr(axis++));
  }
  return b.mapAt(dims, elementTypeOf(operand), operand,
                 AffineMap::get(dims.size(), 0, places, b.getContext()),
                 [](ValueRange x) { return x[0]; });
}

namespace {
/// Lowers operations of the source level to the structured form, one by one.
struct StructuredBody {
  OpBuilder &b;
  const llvm::StringMap<Value> &symbols;
  IRMapping &mapping;

  LogicalResult lower(Block &block) {
    for (Operation &op : block)
      if (failed(lower(op)))
        return failure();
    return success();
  }

private:
  LogicalResult lower(Operation &op);
  LogicalResult lowerContraction(Operation &op);
};

LogicalResult StructuredBody::lower(Operation &op) {
  KernelBuilder kernel(op.getLoc(), b, symbols);
  SmallVector<Value> operands, results;
  for (Value operand : op.getOperands())
    operands.push_back(mapping.lookup(operand));
  if (isa<func::ReturnOp>(op)) {
    func::ReturnOp::create(b, op.getLoc(), operands);
    return success();
  }
  if (isa<YieldOp>(op)) {
    YieldOp::create(b, op.getLoc(), operands);
    return success();
  }
  if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    mapping.map(constant.getResult(), scalarConstant(kernel, constant));
    return success();
  }
  if (isa<IndexTensorOp>(op)) {
    mapping.map(op.getResult(0), Value());
    return success();
  }
  if (isContraction(&op))
    return lowerContraction(op);
  if (changesUnitAxesOnly(&op)) {
    mapping.map(op.getResult(0), withUnitAxes(kernel, op.getResult(0), operands[0]));
    return success();
  }
  const StructuredLowering *lowering = findStructuredLowering(&op);
  if (!lowering || failed(lowering->lower(kernel, &op, operands, results)))
    return failure();
  for (auto [result, lowered] : llvm::zip(op.getResults(), results))
    mapping.map(result, lowered);
  return success();
}

/// It stays a source operation; what it does to its own elements becomes structured.
LogicalResult StructuredBody::lowerContraction(Operation &op) {
  Operation *copy = b.cloneWithoutRegions(op, mapping);
  copy->getResult(0).setType(signlessTensor(op.getResult(0).getType()));
  // Signedness is not in the structured types.
  SmallVector<bool> isUnsigned;
  for (Value operand : op.getOperands())
    isUnsigned.push_back(elementTypeOf(operand).isUnsignedInteger());
  copy->setAttr("heddle.unsigned", b.getDenseBoolArrayAttr(isUnsigned));
  mapping.map(op.getResult(0), copy->getResult(0));
  auto attention = dyn_cast<AttentionOp>(op);
  if (!attention)
    return success();
  // The region reads the further operands where they are.
  Block &from = attention.getScores().front();
  Block &to = cast<AttentionOp>(copy).getScores().emplaceBlock();
  BlockArgument products = attention.getProducts();
  mapping.map(products, to.addArgument(signlessTensor(products.getType()), products.getLoc()));
  for (auto [argument, extra] : llvm::zip(from.getArguments().drop_front(), attention.getExtras()))
    mapping.map(argument, mapping.lookup(extra));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&to);
  return lower(from);
}

} // namespace

FailureOr<func::FuncOp> buildStructured(func::FuncOp source, ArrayRef<std::string> symbols,
                                        IRMapping &mapping) {
  OpBuilder b(source);
  SmallVector<Type> types;
  for (Type type : source.getArgumentTypes())
    types.push_back(signlessTensor(type));
  types.append(symbols.size(), b.getIndexType());
  auto resultTypes = llvm::map_to_vector(source.getResultTypes(), signlessTensor);
  auto function =
      func::FuncOp::create(b, source.getLoc(), "structured", b.getFunctionType(types, resultTypes));
  SmallVector<StringRef> names(symbols.begin(), symbols.end());
  function->setAttr("heddle.symbols", b.getStrArrayAttr(names));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);

  unsigned tensors = source.getNumArguments();
  for (unsigned i = 0; i < tensors; ++i)
    mapping.map(source.getArgument(i), body->getArgument(i));
  llvm::StringMap<Value> symbolValues;
  for (auto [i, symbol] : llvm::enumerate(symbols))
    symbolValues[symbol] = body->getArgument(tensors + i);

  if (failed(StructuredBody{b, symbolValues, mapping}.lower(source.getBody().front()))) {
    function.erase();
    return failure();
  }
  return function;
}

} // namespace heddle
