// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The element types of a node's results, from the operator table's type variables and, for the
// operators whose attributes decide, from those.

#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/SourceNode.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace heddle {

namespace {

/// How an operator's result gets its element type where the type variables do not say it.
enum class Rule {
  Variables,
  FromTo,             // attribute `to`
  FromDtype,          // attribute `dtype`, else float
  FromDtypeOrOperand, // attribute `dtype`, else that of the first operand
  FromIntDtype,       // attribute `dtype`, else int32
  FromOutputDatatype, // attribute `output_datatype`, else float
  FromValue,          // attribute `value`, else float
  Quantize,           // zero point, else attribute `output_dtype`, else uint8
  Dequantize,         // attribute `output_dtype`, else that of the scale
  LayerNorm,          // results after the first: attribute `stash_type`
  Label,              // the attributes values_*
  Branches,           // what the branches yield
  LoopBody,           // what the body yields after the condition
  ScanBody            // what the body yields
};

Rule ruleOf(const SourceNode &node) {
  if (node.domain == "ai.onnx.ml")
    return node.op == "LabelEncoder" ? Rule::Label : Rule::Variables;
  return llvm::StringSwitch<Rule>(node.op)
      .Cases({"Cast", "BitCast"}, Rule::FromTo)
      .Cases({"RandomNormal", "RandomUniform"}, Rule::FromDtype)
      .Cases({"EyeLike", "Bernoulli", "RandomNormalLike", "RandomUniformLike"},
             Rule::FromDtypeOrOperand)
      .Case("Multinomial", Rule::FromIntDtype)
      .Cases({"BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"},
             Rule::FromOutputDatatype)
      .Cases({"Constant", "ConstantOfShape"}, Rule::FromValue)
      .Case("QuantizeLinear", Rule::Quantize)
      .Case("DequantizeLinear", Rule::Dequantize)
      .Case("LayerNormalization", Rule::LayerNorm)
      .Case("If", Rule::Branches)
      .Case("Loop", Rule::LoopBody)
      .Case("Scan", Rule::ScanBody)
      .Default(Rule::Variables);
}

class Inference {
public:
  Inference(const Signature &signature, const SourceNode &node)
      : signature(signature), node(node), context(node.loc.getContext()) {}

  absl::StatusOr<SmallVector<Type>> run() {
    HEDDLE_RETURN_IF_ERROR(bindOperands());
    SmallVector<Type> types;
    for (size_t index = 0; index < node.wanted.size(); ++index) {
      const Formal &formal = signature.results[std::min(index, signature.results.size() - 1)];
      HEDDLE_ASSIGN_OR_RETURN(Type type, resultType(index, formal));
      if (!(formal.mask >> dataTypeFor(type) & 1))
        return invalidInput("its result " + formal.name + " cannot be " +
                            dataTypeName(dataTypeFor(type)));
      types.push_back(type);
    }
    return types;
  }

private:
  absl::Status bindOperands() {
    for (auto [index, value] : llvm::enumerate(node.operands)) {
      if (!value)
        continue;
      const Formal &formal = signature.operands[std::min(index, signature.operands.size() - 1)];
      Type type = elementTypeOfValue(value);
      if (!(formal.mask >> dataTypeFor(type) & 1))
        return invalidInput("its operand " + formal.name + " cannot be " +
                            dataTypeName(dataTypeFor(type)));
      if (formal.variable.empty())
        continue;
      Type &bound = variables[formal.variable];
      if (bound && bound != type)
        return invalidInput("its operand " + formal.name + " is " +
                            dataTypeName(dataTypeFor(type)) + " where " +
                            dataTypeName(dataTypeFor(bound)) + " is expected");
      bound = type;
    }
    return absl::OkStatus();
  }

  /// The type an integer attribute numbers; null where it is absent or, with `zeroIsAbsent`, zero.
  absl::StatusOr<Type> typeOfAttribute(StringRef name) {
    auto number = dyn_cast_or_null<IntegerAttr>(node.attributes.get(name));
    if (!number || number.getInt() == 0)
      return Type();
    int64_t value = number.getInt();
    bool known = value > 0 && value <= onnx_model::DATA_INT2;
    Type type = known ? elementTypeFor(context, static_cast<int32_t>(value)) : Type();
    if (!type && known)
      return unsupported("its attribute '" + name + "' is the element type " +
                         dataTypeName(static_cast<int32_t>(value)) + ", which is not supported");
    if (!type)
      return invalidInput("its attribute '" + name + "' is " + llvm::Twine(value) +
                          ", which is no element type");
    return type;
  }

  absl::StatusOr<Type> attributeOr(StringRef name, Type otherwise) {
    HEDDLE_ASSIGN_OR_RETURN(Type type, typeOfAttribute(name));
    return type ? type : otherwise;
  }

  Type number(int32_t dataType) { return elementTypeFor(context, dataType); }
  Type operandType(size_t index) {
    Value value = node.operand(index);
    return value ? elementTypeOfValue(value) : Type();
  }

  absl::StatusOr<Type> resultType(size_t index, const Formal &formal) {
    Type f32 = number(onnx_model::DATA_FLOAT);
    switch (ruleOf(node)) {
    case Rule::FromTo: {
      HEDDLE_ASSIGN_OR_RETURN(Type type, typeOfAttribute("to"));
      if (!type)
        return invalidInput("its attribute 'to' names no element type");
      return type;
    }
    case Rule::FromDtype:
      return attributeOr("dtype", f32);
    case Rule::FromDtypeOrOperand:
      return attributeOr("dtype", operandType(0));
    case Rule::FromIntDtype:
      return attributeOr("dtype", number(onnx_model::DATA_INT32));
    case Rule::FromOutputDatatype:
      return attributeOr("output_datatype", f32);
    case Rule::FromValue: {
      auto value = dyn_cast_or_null<ElementsAttr>(node.attributes.get("value"));
      return value ? value.getElementType() : f32;
    }
    case Rule::Quantize:
      if (Type zeroPoint = operandType(2))
        return zeroPoint;
      return attributeOr("output_dtype", number(onnx_model::DATA_UINT8));
    case Rule::Dequantize:
      return attributeOr("output_dtype", operandType(1));
    case Rule::LayerNorm:
      return index == 0 ? absl::StatusOr<Type>(operandType(0)) : attributeOr("stash_type", f32);
    case Rule::Label:
      return labelType();
    case Rule::Branches:
      return elementTypeOfValue(yieldedValues(*node.regions[0])[index]);
    case Rule::LoopBody:
      return elementTypeOfValue(yieldedValues(*node.regions[0])[index + 1]);
    case Rule::ScanBody:
      return elementTypeOfValue(yieldedValues(*node.regions[0])[index]);
    case Rule::Variables:
      break;
    }
    return typeOfVariable(formal);
  }

  absl::StatusOr<Type> typeOfVariable(const Formal &formal) {
    if (auto bound = variables.find(formal.variable); bound != variables.end() && bound->second)
      return bound->second;
    uint32_t tensors = formal.mask & ~(1u | 1u << onnx_model::DATA_STRING);
    if (llvm::has_single_bit(tensors))
      return number(llvm::countr_zero(tensors));
    if (Type first = operandType(0))
      return first;
    return unsupported("the element type of its result " + formal.name + " cannot be told");
  }

  absl::StatusOr<Type> labelType() {
    if (auto values = dyn_cast_or_null<ElementsAttr>(node.attributes.get("values_tensor")))
      return values.getElementType();
    if (node.attributes.get("values_floats"))
      return number(onnx_model::DATA_FLOAT);
    if (node.attributes.get("values_int64s"))
      return number(onnx_model::DATA_INT64);
    return unsupported("its labels are strings, which are not supported");
  }

  const Signature &signature;
  const SourceNode &node;
  MLIRContext *context;
  llvm::StringMap<Type> variables;
};

} // namespace

absl::StatusOr<SmallVector<Type>> inferElementTypes(const Signature &signature,
                                                    const SourceNode &node) {
  return Inference(signature, node).run();
}

} // namespace heddle
