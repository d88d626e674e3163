// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/ModelSummary.h"

#include "frontends/onnx/FileBytes.h"
#include "frontends/onnx/HostTensor.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <limits>

namespace heddle::cli {

using namespace onnx_model;

// Messages within messages; a sub-graph is three deeper than the graph around it. As the importer
// has it, and enough for every model it takes.
static constexpr int deepestMessages = 250;

namespace {

/// Adds up what a model holds. The depth of the messages bounds the recursion.
class Visitor {
public:
  explicit Visitor(ModelSummary &summary) : summary(summary) {}

  void visit(const GraphProto &graph) {
    for (const TensorProto &tensor : graph.initializer())
      parameter(tensor);
    for (const SparseTensorProto &tensor : graph.sparse_initializer()) {
      parameter(tensor.values());
      external(tensor.indices());
    }
    for (const NodeProto &node : graph.node())
      visit(node);
  }

  void visit(const NodeProto &node) {
    bool main = node.domain().empty() || node.domain() == "ai.onnx";
    ++summary.operators[main ? node.op_type() : node.domain() + "." + node.op_type()];
    const TensorProto *constant = constantTensor(node);
    if (constant)
      parameter(*constant);
    for (const AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        visit(attribute.g());
      for (const GraphProto &graph : attribute.graphs())
        visit(graph);
      if (attribute.has_t() && &attribute.t() != constant)
        external(attribute.t());
      for (const TensorProto &tensor : attribute.tensors())
        external(tensor);
      if (attribute.has_sparse_tensor()) {
        external(attribute.sparse_tensor().values());
        external(attribute.sparse_tensor().indices());
      }
    }
  }

private:
  void parameter(const TensorProto &tensor) {
    external(tensor);
    std::vector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
    summary.parameters += countTensorElements(dims).value_or(0);
    if (auto type = elementTypeOf(tensor.data_type()))
      summary.parameterBytes += countBytes(*type, dims).value_or(0);
  }

  void external(const TensorProto &tensor) {
    for (const StringPair &pair : tensor.external_data())
      if (pair.key() == "location")
        summary.externalFiles.insert(pair.value());
  }

  ModelSummary &summary;
};

ValueSummary describe(const ValueInfoProto &value) {
  ValueSummary result;
  result.name = value.name();
  const TypeProto &type = value.type();
  switch (type.value_case()) {
  case TypeProto::kTensorType:
  case TypeProto::kSparseTensorType: {
    bool sparse = type.value_case() == TypeProto::kSparseTensorType;
    const TypeProto::Tensor &tensor = sparse ? type.sparse_tensor_type() : type.tensor_type();
    auto element = elementTypeOf(tensor.elem_type());
    result.type =
        std::string(sparse ? "sparse " : "") +
        (element ? std::string(ElementTypeName(*element)) : dataTypeName(tensor.elem_type()));
    result.ranked = tensor.has_shape();
    for (const TensorShapeProto::Dimension &dim : tensor.shape().dim()) {
      if (dim.has_dim_value())
        result.dims.push_back(std::to_string(dim.dim_value()));
      else if (!dim.dim_param().empty())
        result.dims.push_back(dim.dim_param());
      else
        result.dims.push_back(value.name() + ":" + std::to_string(result.dims.size()));
    }
    break;
  }
  case TypeProto::kSequenceType:
    result.type = "sequence";
    break;
  case TypeProto::kMapType:
    result.type = "map";
    break;
  case TypeProto::kOptionalType:
    result.type = "optional";
    break;
  case TypeProto::kOpaqueType:
    result.type = "opaque";
    break;
  case TypeProto::VALUE_NOT_SET:
    result.type = "unknown";
  }
  return result;
}

} // namespace

std::string ModelSummary::licence() const {
  for (const char *key : {"license", "licence", "License", "Licence", "model_license", "LICENSE"})
    if (auto found = properties.find(key); found != properties.end())
      return found->second;
  return "";
}

absl::StatusOr<ModelSummary> summarizeModel(const std::string &path) {
  absl::StatusOr<MappedFile> file = MappedFile::map(path);
  if (!file.ok())
    return file.status();
  std::string_view bytes = file->bytes();
  if (bytes.size() > std::numeric_limits<int>::max())
    return absl::InvalidArgumentError(path + ": a model file holds at most 2 GiB; save the weights "
                                             "as external data");
  ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(deepestMessages);
  if (bytes.empty() || !model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage() ||
      !model.has_graph())
    return absl::InvalidArgumentError(path + ": not an ONNX model, or a damaged or truncated one");

  ModelSummary summary;
  summary.producer = model.producer_name();
  summary.producerVersion = model.producer_version();
  summary.domain = model.domain();
  summary.description = model.doc_string();
  summary.graph = model.graph().name();
  summary.irVersion = model.ir_version();
  summary.modelVersion = model.model_version();
  for (const OperatorSetProto &opset : model.opset_import())
    summary.opsets[opset.domain().empty() ? "ai.onnx" : opset.domain()] = opset.version();
  for (const StringPair &pair : model.metadata_props())
    summary.properties[pair.key()] = pair.value();
  Visitor visitor(summary);
  visitor.visit(model.graph());
  for (const FunctionProto &function : model.functions())
    for (const NodeProto &node : function.node())
      visitor.visit(node);
  std::set<std::string> initializers;
  for (const TensorProto &tensor : model.graph().initializer())
    initializers.insert(tensor.name());
  for (const ValueInfoProto &value : model.graph().input())
    if (!initializers.count(value.name()))
      summary.inputs.push_back(describe(value));
  for (const ValueInfoProto &value : model.graph().output())
    summary.outputs.push_back(describe(value));
  return summary;
}

} // namespace heddle::cli
