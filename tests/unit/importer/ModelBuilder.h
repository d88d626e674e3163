// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds small models for the importer's tests.

#ifndef HEDDLE_TESTS_UNIT_IMPORTER_MODELBUILDER_H
#define HEDDLE_TESTS_UNIT_IMPORTER_MODELBUILDER_H

#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/onnx_model.pb.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

#include <string>
#include <vector>

namespace heddle {

using Names = std::vector<std::string>;

/// A dimension: a number, or a name ("" has neither).
struct Dim {
  Dim(int64_t size) : size(size) {}
  Dim(int size) : size(size) {}
  Dim(const char *name) : name(name) {}
  int64_t size = -1;
  std::string name;
};

inline void setTensorType(onnx_model::ValueInfoProto &info, const std::string &name, int type,
                          const std::vector<Dim> &dims) {
  info.set_name(name);
  auto *tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  auto *shape = tensor->mutable_shape();
  for (const Dim &dim : dims) {
    auto *entry = shape->add_dim();
    if (!dim.name.empty())
      entry->set_dim_param(dim.name);
    else if (dim.size >= 0)
      entry->set_dim_value(dim.size);
  }
}

inline onnx_model::NodeProto &addNode(onnx_model::GraphProto &graph, const std::string &op,
                                      const Names &inputs, const Names &outputs,
                                      const std::string &domain = "") {
  auto *node = graph.add_node();
  node->set_op_type(op);
  node->set_domain(domain);
  for (const std::string &input : inputs)
    node->add_input(input);
  for (const std::string &output : outputs)
    node->add_output(output);
  return *node;
}

inline onnx_model::AttributeProto &addAttribute(onnx_model::NodeProto &node,
                                                const std::string &name, int kind) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(kind);
  return *attribute;
}

inline void setInt(onnx_model::NodeProto &node, const std::string &name, int64_t value) {
  addAttribute(node, name, onnx_model::ATTRIBUTE_INT).set_i(value);
}
inline void setFloat(onnx_model::NodeProto &node, const std::string &name, float value) {
  addAttribute(node, name, onnx_model::ATTRIBUTE_FLOAT).set_f(value);
}
inline void setString(onnx_model::NodeProto &node, const std::string &name,
                      const std::string &value) {
  addAttribute(node, name, onnx_model::ATTRIBUTE_STRING).set_s(value);
}
inline void setInts(onnx_model::NodeProto &node, const std::string &name,
                    const std::vector<int64_t> &values) {
  auto &attribute = addAttribute(node, name, onnx_model::ATTRIBUTE_INTS);
  for (int64_t value : values)
    attribute.add_ints(value);
}
inline onnx_model::GraphProto &setGraph(onnx_model::NodeProto &node, const std::string &name) {
  return *addAttribute(node, name, onnx_model::ATTRIBUTE_GRAPH).mutable_g();
}

inline onnx_model::TensorProto &addFloats(onnx_model::GraphProto &graph, const std::string &name,
                                          const std::vector<int64_t> &dims,
                                          const std::vector<float> &values) {
  auto *tensor = graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx_model::DATA_FLOAT);
  for (int64_t dim : dims)
    tensor->add_dims(dim);
  for (float value : values)
    tensor->add_float_data(value);
  return *tensor;
}

/// A model with inputs and outputs of floats.
struct ModelBuilder {
  explicit ModelBuilder(int64_t opset = 21) {
    model.set_ir_version(10);
    setOpset("", opset);
    model.mutable_graph()->set_name("test");
  }

  void setOpset(const std::string &domain, int64_t version) {
    auto *entry = model.add_opset_import();
    entry->set_domain(domain);
    entry->set_version(version);
  }
  onnx_model::GraphProto &graph() { return *model.mutable_graph(); }
  void input(const std::string &name, const std::vector<Dim> &dims,
             int type = onnx_model::DATA_FLOAT) {
    setTensorType(*graph().add_input(), name, type, dims);
  }
  void output(const std::string &name) { graph().add_output()->set_name(name); }
  onnx_model::NodeProto &node(const std::string &op, const Names &inputs, const Names &outputs,
                              const std::string &domain = "") {
    return addNode(graph(), op, inputs, outputs, domain);
  }

  /// The printed module, or the error.
  std::string import(const ImportOptions &options = {}) {
    mlir::MLIRContext context;
    auto module = importOnnxBytes(context, model.SerializeAsString(), "test.onnx", options);
    status = module.status();
    if (!module.ok())
      return std::string(status.message());
    EXPECT_TRUE(mlir::succeeded(mlir::verify(**module)));
    std::string text;
    llvm::raw_string_ostream stream(text);
    (*module)->print(stream);
    return text;
  }

  onnx_model::ModelProto model;
  absl::Status status;
};

inline bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

#define EXPECT_CONTAINS(text, part) EXPECT_TRUE(contains(text, part)) << (text)

} // namespace heddle

#endif // HEDDLE_TESTS_UNIT_IMPORTER_MODELBUILDER_H
