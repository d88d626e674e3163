// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Old operator versions in their newest form.

#include "tests/unit/importer/ModelBuilder.h"

namespace heddle {
namespace {

/// A model with one node of an old version on the input x [2, 3, 4, 5], through an Identity that
/// hides its rank where `hideRank` is set.
struct OldNode : ModelBuilder {
  OldNode(int64_t opset, const std::string &op, Names inputs, Names outputs, bool hideRank = true)
      : ModelBuilder(opset) {
    if (opset < 3)
      model.set_ir_version(3);
    input("x", {2, 3, 4, 5});
    if (hideRank)
      node("Identity", {"x"}, {"h"});
    for (std::string &name : inputs)
      if (name == "h" && !hideRank)
        name = "x";
    target = &node(op, inputs, outputs);
    for (const std::string &name : outputs)
      if (!name.empty())
        output(name);
  }
  onnx_model::NodeProto *target;
};

TEST(Upgrade, ClipBoundsBecomeOperands) {
  OldNode b(6, "Clip", {"h"}, {"y"});
  setFloat(*b.target, "min", 0);
  setFloat(*b.target, "max", 6);
  std::string text = b.import();
  EXPECT_CONTAINS(text, "dense<6.000000e+00> : tensor<f32>");
  EXPECT_CONTAINS(text, "operandSegmentSizes = array<i32: 1, 1, 1>");
}

TEST(Upgrade, SoftmaxFlattens) {
  std::string text = OldNode(11, "Softmax", {"h"}, {"y"}).import();
  EXPECT_CONTAINS(text, "onnx.Flatten");
  EXPECT_CONTAINS(text, "axis = -1");
  EXPECT_CONTAINS(text, "onnx.Reshape");
  OldNode last(11, "Softmax", {"h"}, {"y"}, /*hideRank=*/false);
  setInt(*last.target, "axis", 3);
  text = last.import();
  EXPECT_FALSE(contains(text, "onnx.Flatten"));
  EXPECT_CONTAINS(text, "axis = -1");
}

TEST(Upgrade, AxesBecomeOperands) {
  for (auto [op, opset] :
       {std::pair("ReduceMean", 13), {"ReduceSum", 11}, {"Squeeze", 11}, {"Unsqueeze", 1}}) {
    OldNode b(opset, op, {"h"}, {"y"});
    setInts(*b.target, "axes", {0});
    std::string text = b.import();
    EXPECT_CONTAINS(text, "dense<0> : tensor<1xi64>");
    EXPECT_FALSE(contains(text, "{axes ="));
  }
}

TEST(Upgrade, SlicePadReshapeTopKSplit) {
  OldNode slice(9, "Slice", {"h"}, {"y"});
  setInts(*slice.target, "starts", {1});
  setInts(*slice.target, "ends", {2});
  EXPECT_CONTAINS(slice.import(), "operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>");

  OldNode pad(2, "Pad", {"h"}, {"y"});
  setInts(*pad.target, "pads", {0, 0, 1, 1, 0, 0, 1, 1});
  setFloat(*pad.target, "value", 2);
  EXPECT_CONTAINS(pad.import(), "operandSegmentSizes = array<i32: 1, 1, 1, 0>");

  OldNode reshape(1, "Reshape", {"h"}, {"y"});
  setInts(*reshape.target, "shape", {6, 20});
  EXPECT_CONTAINS(reshape.import(), "dense<[6, 20]>");

  OldNode topK(9, "TopK", {"h"}, {"y", "i"});
  setInt(*topK.target, "k", 2);
  EXPECT_CONTAINS(topK.import(), "tensor<*xi64>)");

  OldNode split(11, "Split", {"h"}, {"y", "z"});
  EXPECT_CONTAINS(split.import(), "num_outputs = 2");
}

TEST(Upgrade, LegacyBroadcast) {
  for (bool hideRank : {false, true}) {
    OldNode b(6, "Add", {"h", "b"}, {"y"}, hideRank);
    addFloats(b.graph(), "b", {3}, {1, 2, 3});
    setInt(*b.target, "broadcast", 1);
    setInt(*b.target, "axis", 1);
    std::string text = b.import();
    EXPECT_CONTAINS(text, hideRank ? "onnx.Reshape" : "onnx.Unsqueeze");
  }
}

TEST(Upgrade, UpsampleBecomesResize) {
  OldNode b(7, "Upsample", {"h"}, {"y"});
  auto &scales = addAttribute(*b.target, "scales", onnx_model::ATTRIBUTE_FLOATS);
  for (float scale : {1.0f, 1.0f, 2.0f, 2.0f})
    scales.add_floats(scale);
  std::string text = b.import();
  EXPECT_CONTAINS(text, "onnx.Resize");
  EXPECT_CONTAINS(text, "coordinate_transformation_mode = \"asymmetric\"");
  EXPECT_CONTAINS(text, "nearest_mode = \"floor\"");
}

TEST(Upgrade, ResizeRounding) {
  for (auto [scale, rounding] : {std::pair(2.0f, "floor"), {0.5f, "ceil"}}) {
    OldNode b(10, "Resize", {"h", "s"}, {"y"});
    addFloats(b.graph(), "s", {4}, {1, 1, scale, scale});
    EXPECT_CONTAINS(b.import(), "nearest_mode = \"" + std::string(rounding));
  }
  OldNode mixed(10, "Resize", {"h", "s"}, {"y"});
  addFloats(mixed.graph(), "s", {4}, {1, 1, 2, 0.5f});
  EXPECT_CONTAINS(mixed.import(), "(Resize of ai.onnx, version 10)");
  EXPECT_EQ(mixed.status.code(), absl::StatusCode::kUnimplemented);
}

TEST(Upgrade, OperandsLeftOut) {
  EXPECT_CONTAINS(OldNode(6, "Add", {"", "h"}, {"y"}).import(), "input 0 is left out but required");
}

TEST(Upgrade, DropoutKeepsItsMask) {
  std::string text = OldNode(7, "Dropout", {"h"}, {"y", "mask"}).import();
  EXPECT_CONTAINS(text, "onnx.Expand");
  text = OldNode(10, "Dropout", {"h"}, {"y", "mask"}).import();
  EXPECT_CONTAINS(text, "tensor<*xi1>");
}

TEST(Upgrade, BatchNormalization) {
  for (int opset : {6, 7, 9}) {
    OldNode b(opset, "BatchNormalization", {"h", "s", "s", "s", "s"}, {"y"});
    addFloats(b.graph(), "s", {3}, {1, 2, 3});
    if (opset < 9)
      setInt(*b.target, "spatial", 1);
    EXPECT_CONTAINS(b.import(), "onnx.BatchNormalization");
  }
  OldNode elements(7, "BatchNormalization", {"h", "s", "s", "s", "s"}, {"y"});
  addFloats(elements.graph(), "s", {1}, {1});
  setInt(*elements.target, "spatial", 0);
  std::string text = elements.import();
  EXPECT_FALSE(contains(text, "onnx.BatchNormalization"));
  EXPECT_CONTAINS(text, "onnx.Sqrt");
}

TEST(Upgrade, OldDefaultsAreKept) {
  EXPECT_CONTAINS(OldNode(2, "Selu", {"h"}, {"y"}).import(), "alpha = 1.673");
  EXPECT_FALSE(contains(OldNode(2, "Selu", {"h"}, {"y"}).import(), "1.67326"));
}

TEST(Upgrade, ScanOfABatch) {
  ModelBuilder b(8);
  b.input("initial", {"batch", 2});
  b.input("x", {"batch", 3, 2});
  auto &node = b.node("Scan", {"", "initial", "x"}, {"last", "all"});
  setInt(node, "num_scan_inputs", 1);
  auto &body = setGraph(node, "body");
  setTensorType(*body.add_input(), "s", onnx_model::DATA_FLOAT, {2});
  setTensorType(*body.add_input(), "v", onnx_model::DATA_FLOAT, {2});
  addNode(body, "Add", {"s", "v"}, {"t"});
  addNode(body, "Identity", {"t"}, {"u"});
  body.add_output()->set_name("t");
  body.add_output()->set_name("u");
  b.output("last");
  b.output("all");
  std::string text = b.import();
  EXPECT_CONTAINS(text, "num_scan_inputs = 2");
  EXPECT_CONTAINS(text, "num_scan_inputs = 1");
}

TEST(Upgrade, GroupNormalizationOfGroups) {
  OldNode b(18, "GroupNormalization", {"h", "s", "s"}, {"y"});
  addFloats(b.graph(), "s", {3}, {1, 2, 3});
  setInt(*b.target, "num_groups", 3);
  EXPECT_CONTAINS(b.import(), "onnx.Expand");
}

} // namespace
} // namespace heddle
