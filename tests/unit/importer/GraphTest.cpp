// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs, scopes, functions, dimensions and metadata.

#include "tests/unit/importer/ModelBuilder.h"

namespace heddle {
namespace {

ModelBuilder relu() {
  ModelBuilder b;
  b.input("x", {"batch", "", 3});
  b.node("Relu", {"x"}, {"y"}).set_name("act");
  b.output("y");
  return b;
}

TEST(Graph, NamesDimensions) {
  std::string text = relu().import();
  EXPECT_CONTAINS(text, "tensor<?x?x3xf32, #heddle.dims<[\"batch\", \"x:1\", \"3\"]>>");
  EXPECT_CONTAINS(text, "heddle.name = \"x\"");
  EXPECT_CONTAINS(text, "-> (tensor<*xf32> {heddle.name = \"y\"})");
}

TEST(Graph, OverridesDimensions) {
  ImportOptions options;
  options.dims = {{"batch", 2}, {"x:1", 5}};
  EXPECT_CONTAINS(relu().import(options), "%arg0: tensor<2x5x3xf32>");
  options.dims = {{"x:0", 2}};
  EXPECT_CONTAINS(relu().import(options),
                  "tensor<2x?x3xf32, #heddle.dims<[\"2\", \"x:1\", \"3\"]>>");
}

TEST(Graph, RefusesUnknownDimensions) {
  ImportOptions options;
  options.dims = {{"seq", 2}};
  EXPECT_CONTAINS(relu().import(options), "it has batch, x:1");
  options.dims = {{"x:2", 4}};
  EXPECT_CONTAINS(relu().import(options), "fixes this dimension to 3");
  options.dims = {{"batch", -1}};
  EXPECT_CONTAINS(relu().import(options), "cannot be negative");
  options.dims = {{"batch", 1}, {"x:0", 2}};
  EXPECT_CONTAINS(relu().import(options), "already");
}

TEST(Graph, KeepsMetadata) {
  ModelBuilder b = relu();
  b.model.set_producer_name("a tool");
  auto *pair = b.model.add_metadata_props();
  pair->set_key("license");
  pair->set_value("MIT");
  addFloats(b.graph(), "w", {2, 2}, {1, 2, 3, 4});
  std::string text = b.import();
  EXPECT_CONTAINS(text, "producer = \"a tool\"");
  EXPECT_CONTAINS(text, "license = \"MIT\"");
  EXPECT_CONTAINS(text, "operators = {Relu = 1 : i64}");
  EXPECT_CONTAINS(text, "parameters = 4 : i64");
  EXPECT_CONTAINS(text, "source = \"test.onnx\"");
}

TEST(Graph, InputWithInitializerIsConstant) {
  ModelBuilder b = relu();
  b.input("w", {2});
  addFloats(b.graph(), "w", {2}, {1, 2});
  b.node("Identity", {"w"}, {"z"});
  b.output("z");
  std::string text = b.import();
  EXPECT_FALSE(contains(text, "%arg1"));
  EXPECT_CONTAINS(text, "dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>");
}

TEST(Graph, LargeConstantsAreResources) {
  ModelBuilder b;
  addFloats(b.graph(), "w", {1025}, std::vector<float>(1025, 1.0f));
  b.node("Identity", {"w"}, {"z"});
  b.output("z");
  std::string text = b.import();
  EXPECT_CONTAINS(text, "dense_resource<w> : tensor<1025xf32>");
  EXPECT_CONTAINS(text, "\"0x10000000"); // the alignment, 16: bytes stay where protobuf put them
}

TEST(Graph, ConstantForms) {
  ModelBuilder b;
  setInt(b.node("Constant", {}, {"a"}), "value_int", 7);
  setInts(b.node("Constant", {}, {"b"}), "value_ints", {1, 2});
  setFloat(b.node("Constant", {}, {"c"}), "value_float", 0.5f);
  auto &sparse = *addAttribute(b.node("Constant", {}, {"d"}), "sparse_value",
                               onnx_model::ATTRIBUTE_SPARSE_TENSOR)
                      .mutable_sparse_tensor();
  sparse.add_dims(4);
  sparse.mutable_values()->set_data_type(onnx_model::DATA_FLOAT);
  sparse.mutable_values()->add_dims(1);
  sparse.mutable_values()->add_float_data(3);
  sparse.mutable_indices()->set_data_type(onnx_model::DATA_INT64);
  sparse.mutable_indices()->add_dims(1);
  sparse.mutable_indices()->add_int64_data(2);
  for (const char *name : {"a", "b", "c", "d"})
    b.output(name);
  std::string text = b.import();
  EXPECT_CONTAINS(text, "dense<7> : tensor<i64>");
  EXPECT_CONTAINS(text, "dense<[1, 2]> : tensor<2xi64>");
  EXPECT_CONTAINS(text, "dense<5.000000e-01> : tensor<f32>");
  EXPECT_CONTAINS(text, "dense<[0.000000e+00, 0.000000e+00, 3.000000e+00, 0.000000e+00]>");
}

TEST(Graph, SortsNodesThatAreNot) {
  ModelBuilder b;
  b.input("x", {3});
  b.node("Add", {"n", "x"}, {"y"});
  b.node("Exp", {"x"}, {"e"});
  b.node("Neg", {"x"}, {"n"});
  b.output("y");
  b.output("e");
  std::string text = b.import();
  // Exp was ready before Neg; Add waits for Neg.
  EXPECT_LT(text.find("onnx.Exp"), text.find("onnx.Neg"));
  EXPECT_LT(text.find("onnx.Neg"), text.find("onnx.Add"));
}

TEST(Graph, SortsByWhatSubgraphsRead) {
  ModelBuilder b;
  b.input("x", {3});
  b.input("flag", {}, onnx_model::DATA_BOOL);
  auto &node = b.node("If", {"flag"}, {"z"});
  for (const char *name : {"then_branch", "else_branch"}) {
    auto &graph = setGraph(node, name);
    addNode(graph, "Neg", {"late"}, {std::string("own") + name});
    addNode(graph, "Abs", {std::string("own") + name}, {std::string("r") + name});
    graph.add_output()->set_name(std::string("r") + name);
  }
  b.node("Exp", {"x"}, {"late"});
  b.output("z");
  std::string text = b.import();
  EXPECT_LT(text.find("onnx.Exp"), text.find("onnx.If"));
}

TEST(Graph, BranchesCaptureValues) {
  ModelBuilder b = relu();
  b.input("flag", {}, onnx_model::DATA_BOOL);
  auto &node = b.node("If", {"flag"}, {"z"});
  for (const char *name : {"then_branch", "else_branch"}) {
    auto &graph = setGraph(node, name);
    addNode(graph, name[0] == 't' ? "Neg" : "Abs", {"y"}, {std::string("r") + name});
    graph.add_output()->set_name(std::string("r") + name);
  }
  b.output("z");
  std::string text = b.import();
  EXPECT_LT(text.find("onnx.Abs"), text.find("onnx.Neg")); // else comes first
  EXPECT_CONTAINS(text, "onnx.Yield");
}

TEST(Graph, LoopsMayBeDeclaredAssociative) {
  for (auto [value, expected] : {std::pair("true", "heddle.associative"), std::pair("false", ""),
                                 std::pair("1", "must be true or false")}) {
    ModelBuilder b;
    b.input("s", {});
    b.input("x", {4});
    auto &node = b.node("Scan", {"s", "x"}, {"last"});
    auto *property = node.add_metadata_props();
    property->set_key("heddle.associative");
    property->set_value(value);
    setInt(node, "num_scan_inputs", 1);
    auto &body = setGraph(node, "body");
    body.set_name("body");
    body.add_input()->set_name("a");
    body.add_input()->set_name("b");
    addNode(body, "Add", {"a", "b"}, {"c"});
    body.add_output()->set_name("c");
    b.output("last");
    std::string text = b.import();
    EXPECT_CONTAINS(text, expected);
    EXPECT_EQ(text.find("heddle.associative") != std::string::npos, *expected != 0) << text;
  }
  ModelBuilder b = relu();
  auto *property = b.graph().mutable_node(0)->add_metadata_props();
  property->set_key("heddle.associative");
  property->set_value("true");
  EXPECT_CONTAINS(b.import(), "is for the steps of a Loop or Scan");
}

TEST(Graph, LoopCarriesValues) {
  ModelBuilder b;
  b.input("n", {}, onnx_model::DATA_INT64);
  b.input("x", {3});
  auto &node = b.node("Loop", {"n", "", "x"}, {"last", "all"});
  auto &body = setGraph(node, "body");
  setTensorType(*body.add_input(), "i", onnx_model::DATA_INT64, {});
  setTensorType(*body.add_input(), "c", onnx_model::DATA_BOOL, {});
  setTensorType(*body.add_input(), "v", onnx_model::DATA_FLOAT, {3});
  addNode(body, "Identity", {"c"}, {"c2"});
  addNode(body, "Add", {"v", "x"}, {"v2"});
  for (const char *name : {"c2", "v2", "i"})
    body.add_output()->set_name(name);
  b.output("last");
  b.output("all");
  std::string text = b.import();
  EXPECT_CONTAINS(
      text, "(tensor<*xf32> {heddle.name = \"last\"}, tensor<*xi64> {heddle.name = \"all\"})");
  EXPECT_CONTAINS(text, "operandSegmentSizes = array<i32: 1, 0, 1>");
}

TEST(Graph, LoopWithoutCondition) {
  ModelBuilder b;
  b.input("n", {}, onnx_model::DATA_INT64);
  auto &node = b.node("Loop", {"n", ""}, {"all"});
  auto &body = setGraph(node, "body");
  setTensorType(*body.add_input(), "i", onnx_model::DATA_INT64, {});
  setTensorType(*body.add_input(), "c", onnx_model::DATA_BOOL, {});
  body.add_output()->set_name("c");
  body.add_output()->set_name("i");
  b.output("all");
  EXPECT_CONTAINS(b.import(), "operandSegmentSizes = array<i32: 1, 0, 0>");
}

TEST(Graph, InlinesFunctions) {
  ModelBuilder b;
  b.input("x", {4});
  b.setOpset("own", 1);
  auto *function = b.model.add_functions();
  function->set_domain("own");
  function->set_name("Leak");
  function->add_input("a");
  function->add_output("b");
  function->add_attribute("slope");
  auto *opset = function->add_opset_import();
  opset->set_version(16);
  auto *inner = function->add_node();
  inner->set_op_type("LeakyRelu");
  inner->add_input("a");
  inner->add_output("b");
  auto *reference = inner->add_attribute();
  reference->set_name("alpha");
  reference->set_ref_attr_name("slope");
  reference->set_type(onnx_model::ATTRIBUTE_FLOAT);
  setFloat(b.node("Leak", {"x"}, {"y"}, "own"), "slope", 0.25f);
  b.node("Leak", {"y"}, {"z"}, "own");
  b.output("z");
  std::string text = b.import();
  EXPECT_CONTAINS(text, "alpha = 2.500000e-01");
  EXPECT_CONTAINS(text, "alpha = 0.00999999977");
}

TEST(Graph, FunctionsMayLeaveOutInputs) {
  ModelBuilder b;
  b.input("x", {4});
  b.setOpset("own", 1);
  auto *function = b.model.add_functions();
  function->set_domain("own");
  function->set_name("Bound");
  for (const char *name : {"a", "low", "high"})
    function->add_input(name);
  function->add_output("b");
  function->add_opset_import()->set_version(13);
  auto *inner = function->add_node();
  inner->set_op_type("Clip");
  for (const char *name : {"a", "low", "high"})
    inner->add_input(name);
  inner->add_output("b");
  addFloats(b.graph(), "six", {}, {6});
  b.node("Bound", {"x", "", "six"}, {"y"}, "own");
  b.output("y");
  EXPECT_CONTAINS(b.import(), "operandSegmentSizes = array<i32: 1, 0, 1>");
}

TEST(Graph, CustomDomains) {
  ModelBuilder b = relu();
  b.setOpset("mine", 1);
  setInt(b.node("Thing", {"y"}, {"z"}, "mine"), "size", 3);
  b.output("z");
  EXPECT_CONTAINS(b.import(), "Thing of mine version 1");
  EXPECT_EQ(b.status.code(), absl::StatusCode::kUnimplemented);
  ImportOptions options;
  options.customDomains = {"mine"};
  std::string text = b.import(options);
  EXPECT_CONTAINS(text, "onnx.Custom");
  EXPECT_CONTAINS(text, "node_attributes = {size = 3 : i64}");
}

} // namespace
} // namespace heddle
