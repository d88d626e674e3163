// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attributes of a node, checked against its operator's version.

#include "frontends/onnx/Elements.h"
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/ImportTypes.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

/// The kind an attribute says it is; where it says none, as in the oldest files, the kind of the
/// field that is filled.
static int kindOf(const onnx_model::AttributeProto &proto) {
  if (proto.type() != onnx_model::ATTRIBUTE_UNDEFINED)
    return proto.type();
  if (proto.has_f())
    return onnx_model::ATTRIBUTE_FLOAT;
  if (proto.has_i())
    return onnx_model::ATTRIBUTE_INT;
  if (proto.has_s())
    return onnx_model::ATTRIBUTE_STRING;
  if (proto.has_t())
    return onnx_model::ATTRIBUTE_TENSOR;
  if (proto.has_g())
    return onnx_model::ATTRIBUTE_GRAPH;
  if (proto.has_sparse_tensor())
    return onnx_model::ATTRIBUTE_SPARSE_TENSOR;
  if (proto.floats_size())
    return onnx_model::ATTRIBUTE_FLOATS;
  if (proto.ints_size())
    return onnx_model::ATTRIBUTE_INTS;
  if (proto.strings_size())
    return onnx_model::ATTRIBUTE_STRINGS;
  return onnx_model::ATTRIBUTE_UNDEFINED;
}

static int kindFor(AttributeType type) {
  switch (type) {
  case AttributeType::Int:
    return onnx_model::ATTRIBUTE_INT;
  case AttributeType::Float:
    return onnx_model::ATTRIBUTE_FLOAT;
  case AttributeType::String:
    return onnx_model::ATTRIBUTE_STRING;
  case AttributeType::Ints:
    return onnx_model::ATTRIBUTE_INTS;
  case AttributeType::Floats:
    return onnx_model::ATTRIBUTE_FLOATS;
  case AttributeType::Strings:
    return onnx_model::ATTRIBUTE_STRINGS;
  case AttributeType::Tensor:
    return onnx_model::ATTRIBUTE_TENSOR;
  case AttributeType::SparseTensor:
    return onnx_model::ATTRIBUTE_SPARSE_TENSOR;
  case AttributeType::Graph:
    return onnx_model::ATTRIBUTE_GRAPH;
  case AttributeType::TypeProto:
    return onnx_model::ATTRIBUTE_TYPE;
  }
  return onnx_model::ATTRIBUTE_UNDEFINED;
}

/// Attributes that are 0 or 1. Of other numbers some readers make true and some false, so that they
/// are refused.
static bool isFlag(StringRef name) {
  static constexpr StringRef names[] = {"align_corners",
                                        "allowzero",
                                        "antialias",
                                        "ceil_mode",
                                        "exclusive",
                                        "center_point_box",
                                        "count_include_pad",
                                        "exclude_outside",
                                        "fmod",
                                        "input_forget",
                                        "inverse",
                                        "is_causal",
                                        "keepdims",
                                        "largest",
                                        "layout",
                                        "linear_before_reset",
                                        "onesided",
                                        "noop_with_empty_axes",
                                        "periodic",
                                        "reverse",
                                        "saturate",
                                        "select_last_index",
                                        "sorted",
                                        "storage_order",
                                        "training_mode",
                                        "transA",
                                        "transB",
                                        "upper"};
  return llvm::is_contained(names, name);
}

static std::string kindName(int kind) {
  static constexpr const char *names[] = {"nothing",        "a float", "an int", "a string",
                                          "a tensor",       "a graph", "floats", "ints",
                                          "strings",        "tensors", "graphs", "a sparse tensor",
                                          "sparse tensors", "a type",  "types"};
  if (kind < 0 || kind >= static_cast<int>(std::size(names)))
    return "of kind " + std::to_string(kind);
  return names[kind];
}

absl::StatusOr<GraphImporter::Attributes>
GraphImporter::resolveAttributes(const onnx_model::NodeProto &proto, const Scope &scope) {
  Attributes attributes;
  llvm::StringSet<> names;
  for (const onnx_model::AttributeProto &attribute : proto.attribute()) {
    if (!names.insert(attribute.name()).second)
      return invalidInput("it has two attributes '" + attribute.name() + "'");
    const onnx_model::AttributeProto *value = &attribute;
    if (!attribute.ref_attr_name().empty()) {
      if (!scope.frame)
        return invalidInput("its attribute '" + attribute.name() +
                            "' refers to a function's attribute, but it is in no function");
      value = scope.frame->attributes.lookup(attribute.ref_attr_name());
      if (!value) // the call leaves it out, and so does the body
        continue;
      if (kindOf(*value) == onnx_model::ATTRIBUTE_GRAPH)
        return unsupported("its attribute '" + attribute.name() +
                           "' is a sub-graph that a function call passes on");
    }
    attributes.emplace_back(attribute.name(), value);
  }
  return attributes;
}

absl::Status GraphImporter::importAttributes(const Attributes &attributes,
                                             const OperatorVersion &version, SourceNode &node,
                                             Scope &scope) {
  for (const auto &[name, proto] : attributes) {
    const AttributeFact *fact = version.attribute(name);
    if (!fact)
      return invalidInput("the operator has no attribute '" + name + "'");
    int kind = kindOf(*proto), expected = kindFor(fact->type);
    // An empty list without a type could be any list.
    if (kind == onnx_model::ATTRIBUTE_UNDEFINED &&
        (fact->type == AttributeType::Ints || fact->type == AttributeType::Floats ||
         fact->type == AttributeType::Strings))
      kind = expected;
    if (kind != expected)
      return invalidInput("its attribute '" + name + "' is " + kindName(kind) + ", it must be " +
                          kindName(expected));
    if (fact->type == AttributeType::Graph)
      continue;
    if (kind == onnx_model::ATTRIBUTE_INT && isFlag(name) && proto->i() != 0 && proto->i() != 1)
      return invalidInput("its attribute '" + name + "' is " + llvm::Twine(proto->i()) +
                          ", it must be 0 or 1");
    absl::StatusOr<Attribute> value = importAttribute(*proto, fact->type, scope);
    if (!value.ok())
      return prefixed("its attribute '" + name + "': ", value.status());
    node.attributes.set(name, *value);
  }
  for (const AttributeFact &fact : version.attributes) {
    bool given = llvm::any_of(attributes, [&](const auto &a) { return fact.name == a.first; });
    // The oldest versions require this one, which says which inputs may be overwritten.
    if (fact.required && !given && fact.name != "consumed_inputs")
      return invalidInput("it needs the attribute '" + fact.name + "'");
  }
  node.attributes.erase("consumed_inputs");
  return absl::OkStatus();
}

absl::StatusOr<Attribute> GraphImporter::importAttribute(const onnx_model::AttributeProto &proto,
                                                         AttributeType type, const Scope &scope) {
  switch (type) {
  case AttributeType::Int:
    return Attribute(builder.getI64IntegerAttr(proto.i()));
  case AttributeType::Float:
    return Attribute(builder.getF32FloatAttr(proto.f()));
  case AttributeType::String:
    return Attribute(builder.getStringAttr(proto.s()));
  case AttributeType::Ints:
    return Attribute(builder.getDenseI64ArrayAttr(
        ArrayRef(proto.ints().data(), static_cast<size_t>(proto.ints_size()))));
  case AttributeType::Floats:
    return Attribute(builder.getDenseF32ArrayAttr(
        ArrayRef(proto.floats().data(), static_cast<size_t>(proto.floats_size()))));
  case AttributeType::Strings: {
    SmallVector<StringRef> strings(proto.strings().begin(), proto.strings().end());
    return Attribute(builder.getStrArrayAttr(strings));
  }
  case AttributeType::Tensor:
    return importTensor(proto.t(), scope, proto.name());
  case AttributeType::SparseTensor:
    return importSparseTensor(proto.sparse_tensor(), proto.name());
  case AttributeType::TypeProto:
    return unsupported("types of sequences and optionals are not supported");
  case AttributeType::Graph:
    break;
  }
  return unsupported("this kind of attribute is not supported");
}

/// Gives a Constant its one attribute `value`, whichever form the model chose.
absl::Status GraphImporter::makeConstant(SourceNode &node) {
  if (node.attributes.getAttrs().size() != 1)
    return invalidInput("a constant has exactly one value, this one has " +
                        llvm::Twine(node.attributes.getAttrs().size()));
  NamedAttribute attribute = *node.attributes.begin();
  Attribute value = attribute.getValue();
  if (isa<ElementsAttr>(value) && !isa<DenseArrayAttr>(value)) {
    node.attributes = NamedAttrList();
    node.attributes.set("value", value);
    return absl::OkStatus();
  }
  auto make = [&](auto data, Type elementType, bool isScalar) {
    SmallVector<int64_t> dims;
    if (!isScalar)
      dims.push_back(static_cast<int64_t>(data.size()));
    HostTensor tensor;
    tensor.name = node.label;
    tensor.dims.assign(dims.begin(), dims.end());
    tensor.type = elementType.isF32() ? ElementType::kFloat32 : ElementType::kInt64;
    tensor.bytes.assign(reinterpret_cast<const char *>(data.data()),
                        data.size() * sizeof(*data.data()));
    node.attributes = NamedAttrList();
    node.attributes.set("value", takeElements(builder.getContext(), std::move(tensor)));
    return absl::OkStatus();
  };
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return make(ArrayRef<int64_t>(integer.getInt()), builder.getI64Type(), true);
  if (auto number = dyn_cast<FloatAttr>(value)) {
    float single = number.getValue().convertToFloat();
    return make(ArrayRef<float>(single), builder.getF32Type(), true);
  }
  if (auto integers = dyn_cast<DenseI64ArrayAttr>(value))
    return make(integers.asArrayRef(), builder.getI64Type(), false);
  if (auto numbers = dyn_cast<DenseF32ArrayAttr>(value))
    return make(numbers.asArrayRef(), builder.getF32Type(), false);
  return unsupported("constants of strings are not supported");
}

} // namespace heddle
