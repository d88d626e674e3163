// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of map, streams and the recurrences.

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace heddle;

/// The type without axis 0; null for a scalar.
static RankedTensorType elementTypeOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  if (tensor.getRank() == 0)
    return {};
  Dims dims = getDims(tensor);
  return tensorWithDims(ArrayRef(dims).drop_front(), tensor.getElementType());
}

/// That the types have a common axis 0 and, without it, are those expected.
static LogicalResult verifyElements(Operation *op, StringRef what, TypeRange types,
                                    TypeRange expected, std::optional<DimExpr> &length) {
  if (types.size() != expected.size())
    return op->emitOpError("has ")
           << types.size() << " " << what << " where its body has " << expected.size();
  for (auto [i, type] : llvm::enumerate(types)) {
    RankedTensorType element = elementTypeOf(type);
    if (!element || element != expected[i])
      return op->emitOpError("has a ")
             << type << " among its " << what << " where its body has a " << expected[i];
    DimExpr axis = getDims(cast<RankedTensorType>(type)).front();
    if (length && *length != axis)
      return op->emitOpError("has lengths ") << length->str() << " and " << axis.str();
    length = axis;
  }
  return success();
}

static TypeRange yieldedBy(Region &region) {
  return region.front().getTerminator()->getOperandTypes();
}

LogicalResult MapOp::verify() {
  std::optional<DimExpr> length;
  if (getInputs().empty())
    return emitOpError("has no inputs, which would say how many elements there are");
  if (failed(
          verifyElements(*this, "inputs", getOperandTypes(), getBody().getArgumentTypes(), length)))
    return failure();
  return verifyElements(*this, "results", getResultTypes(), yieldedBy(getBody()), length);
}

LogicalResult StreamsOp::verify() {
  if (getCount() < 2)
    return emitOpError("has ") << getCount() << " streams; two are the least";
  auto repeats = [&](TypeRange types, TypeRange stream) {
    if (types.size() != stream.size() * getCount())
      return false;
    for (auto [i, type] : llvm::enumerate(types))
      if (type != stream[i % stream.size()])
        return false;
    return true;
  };
  if (!repeats(getOperandTypes(), getBody().getArgumentTypes()))
    return emitOpError("has operands that are not its body's arguments, stream by stream");
  if (!repeats(getResultTypes(), yieldedBy(getBody())))
    return emitOpError("has results that are not what its body yields, stream by stream");
  return success();
}

LogicalResult ScanOp::verify() {
  if (getInit().empty() || getElements().empty())
    return emitOpError("needs a state and elements");
  std::optional<DimExpr> length;
  SmallVector<Type> states(getInit().getTypes()), elements;
  for (Type type : getElements().getTypes()) {
    RankedTensorType element = elementTypeOf(type);
    if (!element)
      return emitOpError("has a scalar among its elements, which have time as axis 0");
    elements.push_back(element);
  }
  if (failed(verifyElements(*this, "elements", getElements().getTypes(), elements, length)) ||
      failed(verifyElements(*this, "states", getStates().getTypes(), states, length)))
    return failure();
  if (getLast().getTypes() != getInit().getTypes())
    return emitOpError("has last states of other types than the initial ones");
  SmallVector<Type> step(states);
  llvm::append_range(step, elements);
  SmallVector<Type> pair(elements);
  llvm::append_range(pair, elements);
  if (getApply().getArgumentTypes() != TypeRange(step) ||
      yieldedBy(getApply()) != TypeRange(states))
    return emitOpError("has an apply region that does not take a state and an element to a state");
  if (getCombine().getArgumentTypes() != TypeRange(pair) ||
      yieldedBy(getCombine()) != TypeRange(elements))
    return emitOpError("has a combine region that does not take two elements to one");
  return success();
}

/// Whether a value of these dimensions counts for all places of the others.
static bool broadcasts(Value operand, ArrayRef<DimExpr> to) {
  Dims dims = operand ? dimsOf(operand) : Dims();
  if (dims.size() > to.size())
    return false;
  for (auto [dim, target] : llvm::zip(llvm::reverse(dims), llvm::reverse(to)))
    if (dim != target && !dim.isConstant(1))
      return false;
  return true;
}

LogicalResult LinearAttentionOp::verify() {
  if (getUpdate() != "add" && getUpdate() != "delta")
    return emitOpError("has the update '") << getUpdate() << "'; there are add and delta";
  Type element = elementOf(getQuery());
  for (Value value : getOperands())
    if (elementOf(value) != element)
      return emitOpError("has operands of ") << element << " and " << elementOf(value);
  Dims query = dimsOf(getQuery()), key = dimsOf(getKey()), value = dimsOf(getValue());
  if (query.size() < 2 || query != key)
    return emitOpError("has a query and a key that are not both L x B... x dk");
  auto withLast = [](ArrayRef<DimExpr> dims, DimExpr last) {
    Dims result(dims.drop_back());
    result.push_back(last);
    return result;
  };
  if (value.empty() || value != withLast(query, value.back()))
    return emitOpError("has a value that is not L x B... x dv");
  if (int64_t(getSegment()) < 0)
    return emitOpError("has segments of ") << int64_t(getSegment()) << " steps";
  Dims state(ArrayRef(query).drop_front());
  state.push_back(value.back());
  if (getSegment())
    state.insert(state.begin(), query.front().ceilDiv(int64_t(getSegment())));
  bool fits = getSegment() ? broadcasts(getInit(), state) : dimsOf(getInit()) == state;
  if (!fits || dimsOf(getLast()) != state || elementOf(getLast()) != element)
    return emitOpError("has states that are not ")
           << (getSegment() ? "N x " : "") << "B... x dk x dv";
  if (getOutput().getType() != getValue().getType())
    return emitOpError("has an output of another type than its value");
  if (!broadcasts(getDecay(), query))
    return emitOpError("has a decay that does not broadcast to L x B... x dk");
  if (!broadcasts(getRate(), withLast(query, 1)))
    return emitOpError("has a rate that does not broadcast to L x B... x 1");
  if (getForm() && !llvm::is_contained({"recurrent", "chunk", "tree"}, *getForm()))
    return emitOpError("has the form '") << *getForm() << "'; there are recurrent, chunk and tree";
  return success();
}
