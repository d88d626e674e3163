// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/GraphImporter.h"

#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/Elements.h"
#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/NodeOrder.h"
#include "frontends/onnx/TensorData.h"

#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace heddle {

Value Scope::find(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (Value value = scope->values.lookup(name))
      return value;
  return {};
}

bool Scope::isLeftOut(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (scope->leftOut.contains(name))
      return true;
  return false;
}

absl::Status GraphImporter::define(Scope &scope, const std::string &name, Value value) {
  if (scope.find(name))
    return invalidInput("the value '" + name + "' is defined twice");
  scope.values[name] = value;
  scope.later.erase(name);
  return absl::OkStatus();
}

Location GraphImporter::locationOf(StringRef name, StringRef op, const CallFrame *frame) {
  MLIRContext *context = builder.getContext();
  Location loc = NameLoc::get(StringAttr::get(context, name));
  if (!op.empty())
    loc = NameLoc::get(StringAttr::get(context, name), NameLoc::get(StringAttr::get(context, op)));
  return frame ? Location(CallSiteLoc::get(loc, frame->loc)) : loc;
}

absl::Status GraphImporter::importInitializers(const onnx_model::GraphProto &graph, Scope &scope) {
  auto add = [&](const std::string &name, absl::StatusOr<Attribute> value) -> absl::Status {
    if (!value.ok())
      return prefixed("initializer '" + name + "': ", value.status());
    if (name.empty())
      return invalidInput("an initializer has no name");
    SourceNode node(locationOf(name, "", scope.frame));
    node.op = "Constant";
    node.attributes.set("value", *value);
    node.wanted = {true};
    HEDDLE_RETURN_IF_ERROR(makeConstant(node));
    HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results, createOperation(builder, node));
    return define(scope, name, results.front());
  };
  for (const onnx_model::TensorProto &tensor : graph.initializer()) {
    const std::string &name = tensor.name();
    HEDDLE_RETURN_IF_ERROR(add(name, importTensor(tensor, scope, name)));
  }
  for (const onnx_model::SparseTensorProto &tensor : graph.sparse_initializer()) {
    const std::string &name = tensor.values().name();
    HEDDLE_RETURN_IF_ERROR(add(name, importSparseTensor(tensor, name)));
  }
  return absl::OkStatus();
}

absl::Status
GraphImporter::importNodes(const google::protobuf::RepeatedPtrField<onnx_model::NodeProto> &nodes,
                           Scope &scope) {
  std::vector<std::string> labels;
  for (auto [index, node] : llvm::enumerate(nodes)) {
    labels.push_back(node.name().empty() ? node.op_type() + "_" + std::to_string(index)
                                         : node.name());
    for (const std::string &output : node.output())
      if (!output.empty() && !scope.later.try_emplace(output, labels.back()).second)
        return invalidInput("the value '" + output + "' is defined twice, by node '" +
                            scope.later[output] + "' and by node '" + labels.back() + "'");
  }
  for (int index : computableOrder(nodes))
    HEDDLE_RETURN_IF_ERROR(importNode(nodes[index], labels[index], scope));
  return absl::OkStatus();
}

absl::Status GraphImporter::importGraph(const onnx_model::GraphProto &graph, Scope &scope) {
  if (++depth > deepestNesting + 1) // the main graph is no sub-graph
    return invalidInput("sub-graphs nest deeper than " + llvm::Twine(deepestNesting) + " levels");
  llvm::scope_exit leave([&] { --depth; });
  for (const auto *list : {&graph.value_info(), &graph.output()})
    for (const onnx_model::ValueInfoProto &info : *list)
      if (info.type().has_tensor_type())
        scope.declared[info.name()] = info.type().tensor_type().elem_type();
  HEDDLE_RETURN_IF_ERROR(importInitializers(graph, scope));
  return importNodes(graph.node(), scope);
}

absl::StatusOr<SmallVector<Value>> GraphImporter::outputsOf(const onnx_model::GraphProto &graph,
                                                            const Scope &scope) {
  SmallVector<Value> values;
  for (const onnx_model::ValueInfoProto &output : graph.output()) {
    Value value = scope.find(output.name());
    if (!value)
      return invalidInput("nothing computes the output '" + output.name() + "'");
    int32_t declared = output.type().tensor_type().elem_type();
    int32_t actual = dataTypeFor(elementTypeOfValue(value));
    if (output.type().has_tensor_type() && declared && declared != actual)
      return invalidInput("the output '" + output.name() + "' is declared as " +
                          dataTypeName(declared) + " but is " + dataTypeName(actual));
    values.push_back(value);
  }
  return values;
}

absl::StatusOr<Attribute> GraphImporter::importTensor(const onnx_model::TensorProto &proto,
                                                      const Scope &scope, StringRef key) {
  // A function's body is imported once for each call, so its tensors are copied. Others are taken:
  // the model is the importer's own, and constant only to everything but this.
  absl::StatusOr<HostTensor> tensor;
  if (scope.frame) {
    onnx_model::TensorProto copy = proto;
    tensor = takeTensor(copy, &external);
  } else {
    tensor = takeTensor(const_cast<onnx_model::TensorProto &>(proto), &external);
  }
  if (!tensor.ok())
    return tensor.status();
  if (tensor->name.empty())
    tensor->name = key.str();
  return Attribute(takeElements(builder.getContext(), std::move(*tensor)));
}

absl::StatusOr<Attribute>
GraphImporter::importSparseTensor(const onnx_model::SparseTensorProto &proto, StringRef key) {
  onnx_model::SparseTensorProto copy = proto;
  HEDDLE_ASSIGN_OR_RETURN(HostTensor tensor, takeSparseTensor(copy, &external, spareBytes));
  spareBytes -= static_cast<int64_t>(tensor.bytes.size());
  if (tensor.name.empty())
    tensor.name = key.str();
  return Attribute(takeElements(builder.getContext(), std::move(tensor)));
}

} // namespace heddle
