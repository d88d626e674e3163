// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One node: its operands, its operator's version, its results.

#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/ContribOperators.h"
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/Upgrade.h"

using namespace mlir;

namespace heddle {

absl::Status GraphImporter::importOperands(const onnx_model::NodeProto &proto, SourceNode &node,
                                           const Scope &scope) {
  for (const std::string &name : proto.input()) {
    Value value;
    if (!name.empty() && !scope.isLeftOut(name)) {
      value = scope.find(name);
      if (!value) {
        for (const Scope *s = &scope; s; s = s->parent)
          if (auto later = s->later.find(name); later != s->later.end())
            return invalidInput("it reads '" + name + "' before node '" + later->second +
                                "' computes it: the graph has a cycle");
        return invalidInput("it reads '" + name + "', which nothing defines");
      }
    }
    node.operands.push_back(value);
  }
  while (!node.operands.empty() && !node.operands.back())
    node.operands.pop_back();
  for (const std::string &name : proto.output())
    node.wanted.push_back(!name.empty());
  while (!node.wanted.empty() && !node.wanted.back())
    node.wanted.pop_back();
  return absl::OkStatus();
}

absl::Status GraphImporter::importNode(const onnx_model::NodeProto &proto, const std::string &label,
                                       Scope &scope) {
  SourceNode node(locationOf(label, proto.op_type(), scope.frame));
  node.label = label;
  node.domain = plainDomain(proto.domain()).str();
  node.op = proto.op_type();
  node.version = static_cast<int>(opsetsOf(scope).versionOf(node.domain));

  SmallVector<Value> results;
  absl::Status status = [&]() -> absl::Status {
    HEDDLE_RETURN_IF_ERROR(importOperands(proto, node, scope));
    HEDDLE_ASSIGN_OR_RETURN(Attributes attributes, resolveAttributes(proto, scope));
    if (const onnx_model::FunctionProto *function = functions.find(proto))
      return inlineFunction(*function, attributes, node, scope, results);
    if (options.customDomains.count(node.domain))
      return importCustom(proto, attributes, node, scope, results);
    if (const ContribOperator *contrib = findContribOperator(node.domain, node.op)) {
      HEDDLE_ASSIGN_OR_RETURN(node.attributes, attributesByKind(attributes, scope));
      return expandContrib(builder, *contrib, options, node, results);
    }
    HEDDLE_RETURN_IF_ERROR(importPrimitive(proto, attributes, node, scope, results));
    return importDeclarations(proto, results);
  }();
  if (!status.ok())
    return prefixed(node.describe() + ": ", status);
  for (auto [index, name] : llvm::enumerate(proto.output())) {
    if (name.empty())
      continue;
    if (index >= results.size() || !results[index])
      return invalidInput(node.describe() + ": its result '" + name + "' does not exist");
    if (absl::Status defined = define(scope, name, results[index]); !defined.ok())
      return prefixed(node.describe() + ": ", defined);
  }
  return absl::OkStatus();
}

/// "2", "1 to 3", "at least 1".
static std::string countText(int least, int most) {
  if (most < 0)
    return "at least " + std::to_string(least);
  if (least == most)
    return std::to_string(least);
  return std::to_string(least) + " to " + std::to_string(most);
}

static absl::Status checkCounts(const onnx_model::NodeProto &proto, const OperatorVersion &version,
                                const SourceNode &node) {
  int inputs = static_cast<int>(node.operands.size()),
      outputs = static_cast<int>(node.wanted.size());
  if (proto.input_size() < version.leastInputs ||
      (version.mostInputs >= 0 && inputs > version.mostInputs))
    return invalidInput("it has " + llvm::Twine(proto.input_size()) +
                        " inputs, the operator takes " +
                        countText(version.leastInputs, version.mostInputs));
  // Required inputs come first, except in these.
  bool optionalFirst = node.domain.empty() && (node.op == "Loop" || node.op == "Scan");
  for (int index = 0; index < version.leastInputs && !optionalFirst; ++index)
    if (!node.operand(static_cast<size_t>(index)))
      return invalidInput("its input " + llvm::Twine(index) + " is left out but required");
  if (version.mostOutputs >= 0 && outputs > version.mostOutputs)
    return invalidInput("it has " + llvm::Twine(outputs) + " outputs, the operator gives " +
                        countText(version.leastOutputs, version.mostOutputs));
  return absl::OkStatus();
}

/// Attributes that the node leaves out and whose default is another one in the newest version.
static void addOldDefaults(OpBuilder &builder, const OperatorVersion &version, SourceNode &node) {
  const OperatorVersion *newest = findVersion(node.domain, node.op, INT64_MAX);
  for (const AttributeFact &fact : version.attributes) {
    const AttributeFact *now = newest->attribute(fact.name);
    if (fact.defaultText.empty() || node.attributes.get(fact.name) || !now ||
        now->type != fact.type || now->defaultText == fact.defaultText)
      continue;
    Attribute value;
    int64_t integer;
    double number;
    if (fact.type == AttributeType::String)
      value = builder.getStringAttr(fact.defaultText);
    else if (fact.type == AttributeType::Int && !fact.defaultText.getAsInteger(10, integer))
      value = builder.getI64IntegerAttr(integer);
    else if (fact.type == AttributeType::Float && !fact.defaultText.getAsDouble(number))
      value = builder.getF32FloatAttr(static_cast<float>(number));
    if (value)
      node.attributes.set(fact.name, value);
  }
}

absl::Status GraphImporter::importPrimitive(const onnx_model::NodeProto &proto,
                                            const Attributes &attributes, SourceNode &node,
                                            Scope &scope, SmallVectorImpl<Value> &results) {
  const OperatorVersion *version = findVersion(node.domain, node.op, node.version);
  if (!version)
    return unsupported("there is no such operator in opset " + llvm::Twine(node.version));
  node.version = version->since;
  HEDDLE_RETURN_IF_ERROR(checkCounts(proto, *version, node));
  HEDDLE_RETURN_IF_ERROR(importAttributes(attributes, *version, node, scope));
  HEDDLE_RETURN_IF_ERROR(importRegions(attributes, node, scope));
  addOldDefaults(builder, *version, node);
  if (node.op == "Constant" && node.domain.empty())
    HEDDLE_RETURN_IF_ERROR(makeConstant(node));
  HEDDLE_ASSIGN_OR_RETURN(bool isReplaced, upgradeNode(builder, node, results));
  if (isReplaced)
    return absl::OkStatus();
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> created, createOperation(builder, node));
  results.assign(created.begin(), created.end());
  return absl::OkStatus();
}

absl::StatusOr<NamedAttrList> GraphImporter::attributesByKind(const Attributes &attributes,
                                                              const Scope &scope) {
  static constexpr AttributeType typeOfKind[] = {
      AttributeType::Int,    AttributeType::Float,  AttributeType::Int,
      AttributeType::String, AttributeType::Tensor, AttributeType::Graph,
      AttributeType::Floats, AttributeType::Ints,   AttributeType::Strings};
  NamedAttrList list;
  for (const auto &[name, attribute] : attributes) {
    int kind = attribute->type();
    if (kind <= 0 || kind > onnx_model::ATTRIBUTE_STRINGS || kind == onnx_model::ATTRIBUTE_GRAPH)
      return unsupported("its attribute '" + name +
                         "' has a kind that custom operators cannot take");
    HEDDLE_ASSIGN_OR_RETURN(Attribute value, importAttribute(*attribute, typeOfKind[kind], scope));
    list.set(name, value);
  }
  return list;
}

absl::Status GraphImporter::importCustom(const onnx_model::NodeProto &proto,
                                         const Attributes &attributes, SourceNode &node,
                                         Scope &scope, SmallVectorImpl<Value> &results) {
  HEDDLE_ASSIGN_OR_RETURN(NamedAttrList list, attributesByKind(attributes, scope));
  SmallVector<Value> operands;
  for (Value operand : node.operands) {
    if (!operand)
      return unsupported("custom operators cannot leave out operands");
    operands.push_back(operand);
  }
  // What the model does not declare is taken to be of the first operand's element type.
  SmallVector<Type> types;
  for (const std::string &name : proto.output()) {
    Type type = elementTypeFor(builder.getContext(), scope.declared.lookup(name));
    if (!type && !operands.empty())
      type = elementTypeOfValue(operands.front());
    if (!type)
      return unsupported("the type of its result '" + name + "' must be declared in value_info");
    types.push_back(UnrankedTensorType::get(type));
  }
  auto custom = onnx::CustomOp::create(builder, node.loc, types, operands, node.domain, node.op,
                                       list.getDictionary(builder.getContext()));
  results.assign(custom.getResults().begin(), custom.getResults().end());
  return absl::OkStatus();
}

absl::Status GraphImporter::inlineFunction(const onnx_model::FunctionProto &function,
                                           const Attributes &attributes, SourceNode &node,
                                           Scope &scope, SmallVectorImpl<Value> &results) {
  if (++depth > deepestNesting)
    return invalidInput("function calls nest deeper than " + llvm::Twine(deepestNesting) +
                        " levels");
  if (static_cast<int>(node.operands.size()) > function.input_size() ||
      static_cast<int>(node.wanted.size()) > function.output_size())
    return invalidInput("it has more inputs or outputs than the function it calls");
  CallFrame frame{&function, scope.frame, Opsets(function.opset_import()), {}, node.loc};
  for (const onnx_model::AttributeProto &attribute : function.attribute_proto())
    frame.attributes[attribute.name()] = &attribute;
  for (const auto &[name, attribute] : attributes) {
    bool declared = frame.attributes.count(name) || llvm::is_contained(function.attribute(), name);
    if (!declared)
      return invalidInput("the function has no attribute '" + name + "'");
    frame.attributes[name] = attribute;
  }
  Scope body;
  body.frame = &frame;
  for (auto [index, name] : llvm::enumerate(function.input())) {
    Value value = node.operand(index);
    bool isNew =
        value ? body.values.try_emplace(name, value).second : body.leftOut.insert(name).second;
    if (!isNew)
      return invalidInput("the function has two inputs '" + name + "'");
  }
  for (const onnx_model::ValueInfoProto &info : function.value_info())
    body.declared[info.name()] = info.type().tensor_type().elem_type();
  HEDDLE_RETURN_IF_ERROR(importNodes(function.node(), body));
  for (const std::string &name : function.output()) {
    Value value = body.values.lookup(name);
    if (!value && results.size() < node.wanted.size() && node.wanted[results.size()])
      return invalidInput("nothing in the function computes its output '" + name + "'");
    results.push_back(value);
  }
  --depth;
  return absl::OkStatus();
}

} // namespace heddle
