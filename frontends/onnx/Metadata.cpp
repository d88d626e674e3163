// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Metadata.h"

#include "frontends/onnx/FunctionTable.h"
#include "frontends/onnx/HostTensor.h"
#include "frontends/onnx/OperatorTable.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;

namespace heddle {

namespace {

struct Counts {
  std::map<std::string, int64_t> operators;
  int64_t parameters = 0;

  void visit(const onnx_model::GraphProto &graph) {
    for (const onnx_model::TensorProto &tensor : graph.initializer())
      count(tensor);
    for (const onnx_model::NodeProto &node : graph.node()) {
      if (const onnx_model::TensorProto *tensor = constantTensor(node))
        count(*tensor);
      StringRef domain = plainDomain(node.domain());
      ++operators[domain.empty() ? node.op_type() : (domain + "." + node.op_type()).str()];
      for (const onnx_model::AttributeProto &attribute : node.attribute())
        if (attribute.has_g())
          visit(attribute.g());
    }
  }

private:
  void count(const onnx_model::TensorProto &tensor) {
    std::vector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
    auto elements = static_cast<uint64_t>(countTensorElements(dims).value_or(0));
    parameters =
        llvm::SaturatingAdd<uint64_t>(static_cast<uint64_t>(parameters), elements) & INT64_MAX;
  }
};

} // namespace

DictionaryAttr describeModel(MLIRContext *context, const onnx_model::ModelProto &model,
                             StringRef source) {
  Builder builder(context);
  NamedAttrList fields;
  auto addText = [&](StringRef name, const std::string &text) {
    if (!text.empty())
      fields.set(name, builder.getStringAttr(text));
  };
  fields.set("source", builder.getStringAttr(source));
  addText("producer", model.producer_name());
  addText("producer_version", model.producer_version());
  addText("domain", model.domain());
  addText("description", model.doc_string());
  fields.set("ir_version", builder.getI64IntegerAttr(model.ir_version()));
  if (model.has_model_version())
    fields.set("model_version", builder.getI64IntegerAttr(model.model_version()));
  NamedAttrList properties, opsets, operators;
  for (const onnx_model::StringPair &pair : model.metadata_props())
    if (!pair.key().empty())
      properties.set(pair.key(), builder.getStringAttr(pair.value()));
  const Opsets imported(model.opset_import());
  for (const auto &entry : imported.all())
    if (entry.second)
      opsets.set(spelledDomain(entry.first()), builder.getI64IntegerAttr(entry.second));
  Counts counts;
  counts.visit(model.graph());
  for (const auto &[name, count] : counts.operators)
    if (!name.empty())
      operators.set(name, builder.getI64IntegerAttr(count));
  fields.set("properties", properties.getDictionary(context));
  fields.set("opsets", opsets.getDictionary(context));
  fields.set("operators", operators.getDictionary(context));
  fields.set("parameters", builder.getI64IntegerAttr(counts.parameters));
  return fields.getDictionary(context);
}

} // namespace heddle
