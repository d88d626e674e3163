// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/StructuredForm.h"

#include "compiler/kernels/KernelBuilder.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {
namespace {

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
  if (isa<func::ReturnOp>(op)) {
    func::ReturnOp::create(b, op.getLoc(), mapping.lookup(op.getOperand(0)));
    return success();
  }
  if (isa<YieldOp>(op)) {
    YieldOp::create(b, op.getLoc(), mapping.lookup(op.getOperand(0)));
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
  SmallVector<Value> operands, results;
  for (Value operand : op.getOperands())
    operands.push_back(mapping.lookup(operand));
  if (failed(findStructuredLowering(&op)->lower(kernel, &op, operands, results)))
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

  if (failed(StructuredBody{b, symbolValues, mapping}.lower(source.getBody().front()))) {
    function.erase();
    return failure();
  }
  return function;
}

} // namespace heddle
