// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bad input: a clear error each, never a crash, a hang or unbounded memory.

#include "tests/unit/importer/ModelBuilder.h"

namespace heddle {
namespace {

ModelBuilder identity() {
  ModelBuilder b;
  b.input("x", {3});
  b.node("Identity", {"x"}, {"y"});
  b.output("y");
  return b;
}

std::string importBytes(const std::string &bytes) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = importOnnxBytes(context, bytes, "test.onnx");
  return module.ok() ? "ok" : std::string(module.status().message());
}

TEST(BadModel, NoModel) {
  EXPECT_CONTAINS(importBytes(""), "empty");
  EXPECT_CONTAINS(importBytes("hello, world\n"), "not an ONNX model");
  EXPECT_CONTAINS(importBytes(std::string(1000, '\xff')), "not an ONNX model");
  mlir::MLIRContext context;
  EXPECT_EQ(importOnnxModel(context, "/nonexistent/model.onnx").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(importOnnxModel(context, "/tmp").ok());
  EXPECT_FALSE(importOnnxModel(context, "/dev/zero").ok());
}

TEST(BadModel, TruncatedAndFlipped) {
  ModelBuilder b = identity();
  addFloats(b.graph(), "w", {4}, {1, 2, 3, 4});
  b.node("Add", {"y", "w"}, {"z"});
  std::string bytes = b.model.SerializeAsString();
  for (size_t length = 0; length < bytes.size(); ++length)
    importBytes(bytes.substr(0, length));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    importBytes(flipped);
  }
}

TEST(BadModel, Versions) {
  ModelBuilder b(29);
  EXPECT_CONTAINS(b.import(), "opset 29");
  EXPECT_CONTAINS(b.import(), "28");
  ModelBuilder newer = identity();
  newer.model.set_ir_version(14);
  EXPECT_CONTAINS(newer.import(), "IR version 14");
  EXPECT_CONTAINS(newer.import(), "13");
}

TEST(BadModel, UndefinedDuplicateCyclic) {
  ModelBuilder b = identity();
  b.node("Add", {"y", "nothing"}, {"z"}).set_name("sum");
  EXPECT_CONTAINS(b.import(), "node 'sum' (Add of ai.onnx, version");
  EXPECT_CONTAINS(b.import(), "'nothing', which nothing defines");

  ModelBuilder twice = identity();
  twice.node("Neg", {"x"}, {"y"});
  EXPECT_CONTAINS(twice.import(), "'y' is defined twice");

  ModelBuilder shadow = identity();
  shadow.node("Neg", {"y"}, {"x"});
  EXPECT_CONTAINS(shadow.import(), "'x' is defined twice");

  ModelBuilder cycle;
  cycle.input("x", {3});
  cycle.node("Add", {"x", "b"}, {"a"}).set_name("first");
  cycle.node("Neg", {"a"}, {"b"}).set_name("second");
  cycle.output("b");
  EXPECT_CONTAINS(cycle.import(), "before node 'second' computes it");

  ModelBuilder output = identity();
  output.output("missing");
  EXPECT_CONTAINS(output.import(), "nothing computes the output 'missing'");

  ModelBuilder inputs = identity();
  inputs.input("x", {3});
  EXPECT_CONTAINS(inputs.import(), "two inputs 'x'");
}

TEST(BadModel, AllMissingOperatorsAtOnce) {
  ModelBuilder b = identity();
  b.setOpset("com.microsoft", 1);
  b.node("Nonsense", {"y"}, {"a"}).set_name("n1");
  b.node("FusedGelu", {"a"}, {"b"}, "com.microsoft").set_name("n2");
  b.node("Nonsense", {"b"}, {"c"});
  b.node("SequenceConstruct", {"c"}, {"d"});
  std::string text = b.import();
  EXPECT_EQ(b.status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_CONTAINS(text, "test.onnx: 3 operators are not supported");
  EXPECT_CONTAINS(text, "Nonsense of ai.onnx version 21 (node 'n1' and 1 more)");
  EXPECT_CONTAINS(text, "FusedGelu of com.microsoft version 1 (node 'n2')");
  EXPECT_CONTAINS(text, "SequenceConstruct");
  EXPECT_FALSE(contains(text, "\n"));
}

TEST(BadModel, NodeChecks) {
  ModelBuilder attribute = identity();
  setInt(attribute.node("Relu", {"y"}, {"z"}), "strength", 3);
  EXPECT_CONTAINS(attribute.import(), "no attribute 'strength'");

  ModelBuilder kind = identity();
  setFloat(kind.node("Softmax", {"y"}, {"z"}), "axis", 1);
  EXPECT_CONTAINS(kind.import(), "'axis' is a float, it must be an int");

  ModelBuilder flag = identity();
  setInt(flag.node("ReduceSum", {"y"}, {"z"}), "keepdims", 2);
  EXPECT_CONTAINS(flag.import(), "'keepdims' is 2, it must be 0 or 1");

  ModelBuilder required = identity();
  required.node("Concat", {"y", "y"}, {"z"});
  EXPECT_CONTAINS(required.import(), "needs the attribute 'axis'");

  ModelBuilder inputs = identity();
  inputs.node("Add", {"y"}, {"z"});
  EXPECT_CONTAINS(inputs.import(), "it has 1 inputs, the operator takes 2");

  ModelBuilder outputs = identity();
  outputs.node("Relu", {"y"}, {"z", "zz"});
  EXPECT_CONTAINS(outputs.import(), "it has 2 outputs, the operator gives 1");

  ModelBuilder types = identity();
  types.input("i", {3}, onnx_model::DATA_INT64);
  types.node("Add", {"y", "i"}, {"z"});
  EXPECT_CONTAINS(types.import(), "operand B is int64 where float is expected");
}

TEST(BadModel, Inputs) {
  ModelBuilder rank = identity();
  rank.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_CONTAINS(rank.import(), "input 'x' has no shape");

  ModelBuilder sequence = identity();
  sequence.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_CONTAINS(sequence.import(), "input 'x' is a sequence");

  ModelBuilder huge;
  huge.input("x", {int64_t(1) << 40, int64_t(1) << 40});
  huge.output("x");
  EXPECT_CONTAINS(huge.import(), "overflow");
}

TEST(BadModel, TensorData) {
  ModelBuilder raw = identity();
  auto &tensor = addFloats(raw.graph(), "w", {4}, {});
  tensor.set_raw_data("abc");
  EXPECT_CONTAINS(raw.import(),
                  "initializer 'w': its dimensions 4 of float need 16 bytes, but its data has 3");

  ModelBuilder promise = identity();
  addFloats(promise.graph(), "w", {int64_t(1) << 33}, {1});
  EXPECT_CONTAINS(promise.import(), "but its data has 4");

  ModelBuilder overflow = identity();
  addFloats(overflow.graph(), "w", {int64_t(1) << 40, int64_t(1) << 40}, {1});
  EXPECT_CONTAINS(overflow.import(), "negative or overflow");

  ModelBuilder negative = identity();
  addFloats(negative.graph(), "w", {-1}, {1});
  EXPECT_CONTAINS(negative.import(), "negative or overflow");

  ModelBuilder sparse = identity();
  auto *dense = sparse.graph().add_sparse_initializer();
  dense->add_dims(int64_t(1) << 40);
  dense->mutable_values()->set_name("s");
  dense->mutable_values()->set_data_type(onnx_model::DATA_FLOAT);
  dense->mutable_values()->add_dims(0);
  dense->mutable_indices()->set_data_type(onnx_model::DATA_INT64);
  dense->mutable_indices()->add_dims(0);
  EXPECT_CONTAINS(sparse.import(), "more than the 2147483648 allowed");
}

/// `depth` Ifs inside each other, as bytes: building the messages would recurse.
std::string nestedIfs(int depth) {
  auto field = [](int number, const std::string &content) {
    std::string bytes(1, static_cast<char>(number << 3 | 2));
    for (size_t length = content.size();; length >>= 7) {
      bytes.push_back(static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
      if (length <= 0x7f)
        return bytes + content;
    }
  };
  std::string graph;
  for (int i = 0; i < depth; ++i)
    graph = field(1, field(4, "If") + field(5, field(1, "then_branch") + field(6, graph)));
  ModelBuilder b;
  b.model.clear_graph();
  return b.model.SerializePartialAsString() + field(7, graph);
}

TEST(BadModel, DeepNesting) {
  EXPECT_CONTAINS(importBytes(nestedIfs(100)), "deeper than 64 levels");
  EXPECT_CONTAINS(importBytes(nestedIfs(10000)), "deeper than 64 levels");
}

TEST(BadModel, RecursiveFunctions) {
  ModelBuilder b = identity();
  b.setOpset("own", 1);
  for (auto [name, callee] : {std::pair("F", "G"), {"G", "F"}}) {
    auto *function = b.model.add_functions();
    function->set_domain("own");
    function->set_name(name);
    function->add_input("a");
    function->add_output("b");
    function->add_opset_import()->set_domain("own");
    auto *node = function->add_node();
    node->set_op_type(callee);
    node->set_domain("own");
    node->add_input("a");
    node->add_output("b");
  }
  b.node("F", {"y"}, {"z"}, "own");
  EXPECT_CONTAINS(b.import(), "calls itself");
}

TEST(BadModel, ExponentialFunctions) {
  ModelBuilder b = identity();
  b.setOpset("own", 1);
  for (int level = 0; level < 50; ++level) {
    auto *function = b.model.add_functions();
    function->set_domain("own");
    function->set_name("F" + std::to_string(level));
    function->add_input("a");
    function->add_output("c");
    function->add_opset_import()->set_domain("own");
    auto *opset = function->add_opset_import();
    opset->set_version(21);
    for (int half = 0; half < 2; ++half) {
      auto *node = function->add_node();
      node->set_op_type(level ? "F" + std::to_string(level - 1) : "Relu");
      node->set_domain(level ? "own" : "");
      node->add_input(half ? "b" : "a");
      node->add_output(half ? "c" : "b");
    }
  }
  b.node("F49", {"y"}, {"z"}, "own");
  EXPECT_CONTAINS(b.import(), "once its functions are inlined");
}

} // namespace
} // namespace heddle
