// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/SourceNode.h"

#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

std::string SourceNode::describe() const {
  return "node '" + label + "' (" + op + " of " + spelledDomain(domain).str() + ", version " +
         std::to_string(version) + ")";
}

ValueRange yieldedValues(Region &region) { return region.front().getTerminator()->getOperands(); }

/// A constant's type is its value's; those of others are inferred later.
static Type resultType(const SourceNode &node, Type elementType) {
  if (node.op == "Constant" && node.domain.empty())
    if (auto value = dyn_cast_or_null<ElementsAttr>(node.attributes.get("value")))
      return value.getShapedType();
  return UnrankedTensorType::get(elementType);
}

/// Lays the values out over the formals: the values that exist, and how many each formal has.
static absl::Status layOut(ArrayRef<Formal> formals, const SourceNode &node,
                           SmallVectorImpl<Value> &values, SmallVectorImpl<int32_t> &segments) {
  size_t next = 0;
  for (const Formal &formal : formals) {
    int32_t count = 0;
    size_t end = formal.presence == Presence::Variadic ? node.operands.size() : next + 1;
    for (; next < end; ++next) {
      if (Value value = node.operand(next)) {
        values.push_back(value);
        ++count;
      } else if (formal.presence != Presence::Optional) {
        return invalidInput("its operand " + llvm::Twine(next) + " (" + formal.name +
                            ") is left out but required");
      }
    }
    segments.push_back(count);
  }
  return absl::OkStatus();
}

absl::StatusOr<SmallVector<Value>> createOperation(OpBuilder &builder, SourceNode &node) {
  const Signature *signature = findSignature(node.domain, node.op);
  if (!signature)
    return unsupported("the operator does not exist any more and cannot be upgraded");
  OperationState state(node.loc, (node.domain.empty() ? "onnx." : "onnx.ml.") + node.op);
  std::optional<RegisteredOperationName> info = state.name.getRegisteredInfo();
  if (!info)
    return unsupported("the dialect has no such operator");
  // Attributes that have gone without an upgrade would be lost silently.
  const OperatorVersion &newest = findVersions(node.domain, node.op).back();
  for (NamedAttribute attribute : node.attributes)
    if (!newest.attribute(attribute.getName()))
      return unsupported("its attribute '" + attribute.getName().strref() +
                         "' has no counterpart in version " + llvm::Twine(newest.since));

  SmallVector<int32_t> operandSegments, resultSegments;
  HEDDLE_RETURN_IF_ERROR(layOut(signature->operands, node, state.operands, operandSegments));
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Type> elementTypes, inferElementTypes(*signature, node));
  SmallVector<int> resultOfOutput(node.wanted.size(), -1);
  size_t next = 0;
  for (const Formal &formal : signature->results) {
    int32_t count = 0;
    size_t end = formal.presence == Presence::Variadic ? node.wanted.size() : next + 1;
    for (; next < end; ++next) {
      bool wanted = next < node.wanted.size() && node.wanted[next];
      if (!wanted && formal.presence == Presence::Optional)
        continue;
      if (next < node.wanted.size())
        resultOfOutput[next] = static_cast<int>(state.types.size());
      Type elementType = next < elementTypes.size() ? elementTypes[next] : Type();
      state.types.push_back(resultType(node, elementType ? elementType : builder.getF32Type()));
      ++count;
    }
    resultSegments.push_back(count);
  }
  if (info->hasTrait<OpTrait::AttrSizedOperandSegments>())
    state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(operandSegments));
  if (info->hasTrait<OpTrait::AttrSizedResultSegments>())
    state.addAttribute("resultSegmentSizes", builder.getDenseI32ArrayAttr(resultSegments));
  state.addAttributes(node.attributes.getAttrs());
  for (std::unique_ptr<Region> &region : node.regions)
    state.addRegion(std::move(region));
  Operation *operation = builder.create(state);
  SmallVector<Value> results;
  for (int result : resultOfOutput)
    results.push_back(result < 0 ? Value()
                                 : Value(operation->getResult(static_cast<unsigned>(result))));
  return results;
}

} // namespace heddle
