// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowerings that move elements, and what is known of their parameters.

#include <limits>

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "tests/unit/kernels/StructuredLoweringFixture.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

TEST_F(StructuredLoweringTest, SliceBackwardsFromBeyondTheEnd) {
  auto result = run({"tensor<5xf32>"},
                    parameter("s", {kMost}) + parameter("e", {kLeast}) + parameter("x", {-1}) +
                        parameter("t", {-2}) + R"(
    %r = "onnx.Slice"(%a, %s, %e, %x, %t) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}>
      : (tensor<5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xf32>)",
                    {counting({5})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(4, 2, 0));
}

TEST_F(StructuredLoweringTest, SliceOfASymbolicAxis) {
  std::string in = dims("?xf32", "\"n\""), out = dims("?xf32", "\"min(n, 3)\"");
  auto result = run({in},
                    parameter("s", {-3}) + parameter("e", {kMost}) + R"(
    %r = "onnx.Slice"(%a, %s, %e) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}>
      : ()" + in + ", tensor<1xi64>, tensor<1xi64>) -> " +
                        out,
                    {counting({2})}, {{"n", 2}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 1));
}

TEST_F(StructuredLoweringTest, ReflectMirrorsMoreThanOnce) {
  std::string in = dims("?xf32", "\"n\""), out = dims("?xf32", "\"n + 8\"");
  auto body = parameter("p", {5, 3}) + R"(
    %r = "onnx.Pad"(%a, %p) <{mode = "reflect", operandSegmentSizes = array<i32: 1, 1, 0, 0>}>
      : ()" + in +
              ", tensor<2xi64>) -> " + out;
  auto result = run({in}, body, {counting({3})}, {{"n", 3}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1));
  EXPECT_EQ(run({in}, body, {counting({0})}, {{"n", 0}}).error, "shape mismatch");
}

TEST_F(StructuredLoweringTest, PadsWithAnElementAndCutsOff) {
  auto result = run({"tensor<4xf32>", "tensor<f32>"}, parameter("p", {-1, 2}) + R"(
    %r = "onnx.Pad"(%a, %p, %b) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}>
      : (tensor<4xf32>, tensor<2xi64>, tensor<f32>) -> tensor<5xf32>)",
                    {counting({4}), reals({}, {7})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(1, 2, 3, 7, 7));
}

TEST_F(StructuredLoweringTest, ConcatSkipsEmptyOperands) {
  auto result = run({"tensor<2x1xf32>", "tensor<2x0xf32>", "tensor<2x2xf32>"}, R"(
    %r = "onnx.Concat"(%a, %b, %c) <{axis = -1 : i64}>
      : (tensor<2x1xf32>, tensor<2x0xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>)",
                    {reals({2, 1}, {10, 20}), reals({2, 0}, {}), counting({2, 2})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(10, 0, 1, 20, 2, 3));
}

TEST_F(StructuredLoweringTest, GatherChecksIndices) {
  auto body = R"(%r = "onnx.Gather"(%a, %b) <{axis = 0 : i64}>
      : (tensor<3xf32>, tensor<2xi32>) -> tensor<2xf32>)";
  auto good =
      run({"tensor<3xf32>", "tensor<2xi32>"}, body, {counting({3}), integers({2}, {-1, 0})});
  EXPECT_EQ(good.error, "");
  EXPECT_THAT(realsOf(good.tensors[0]), ElementsAre(2, 0));
  auto bad = run({"tensor<3xf32>", "tensor<2xi32>"}, body, {counting({3}), integers({2}, {3, 0})});
  EXPECT_EQ(bad.error, "index out of range");
}

TEST_F(StructuredLoweringTest, GatherFromNothingReadsNothing) {
  std::string in = dims("?xf32", "\"n\"");
  auto result = run({in, "tensor<1xi64>"},
                    R"(%r = "onnx.Gather"(%a, %b) <{axis = 0 : i64}> : ()" + in +
                        ", tensor<1xi64>) -> tensor<1xf32>",
                    {counting({0}), integers({1}, {0})}, {{"n", 0}});
  EXPECT_EQ(result.error, "index out of range");
}

TEST_F(StructuredLoweringTest, ResizeByAWholeFactorDividesIndices) {
  auto result = run({"tensor<2xf32>"}, R"(
    %s = "onnx.Constant"() <{value = dense<3.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %r = "onnx.Resize"(%a, %s) <{mode = "nearest", operandSegmentSizes = array<i32: 1, 0, 1, 0>}>
      : (tensor<2xf32>, tensor<1xf32>) -> tensor<6xf32>)",
                    {counting({2})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 0, 0, 1, 1, 1));
  // The coordinates of other factors are computed in f64.
  kernel.function.walk([&](mlir::Operation* op) {
    for (mlir::Type type : op->getResultTypes())
      EXPECT_FALSE(type.isF64() && llvm::isa<mlir::linalg::GenericOp>(op->getParentOp()));
  });
}

TEST_F(StructuredLoweringTest, ParametersKnownAtRunTimeAreNotCompiled) {
  EXPECT_EQ(pattern({"tensor<4xf32>", "tensor<1xi64>"}, R"(
    %r = "onnx.ReduceSum"(%a, %b) <{}> : (tensor<4xf32>, tensor<1xi64>) -> tensor<1xf32>)"),
            std::nullopt);
  EXPECT_EQ(pattern({"tensor<2xf8E4M3FN>"}, R"(
    %r = "onnx.Transpose"(%a) <{}> : (tensor<2xf8E4M3FN>) -> tensor<2xf8E4M3FN>)"),
            std::nullopt);
  EXPECT_EQ(pattern({"tensor<1x1x4xf32>"}, R"(
    %r, %i = "onnx.MaxPool"(%a) <{kernel_shape = array<i64: 2>}>
      : (tensor<1x1x4xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xi64>))"),
            std::nullopt);
}

TEST_F(StructuredLoweringTest, SizesComeFromIndexTensors) {
  std::string in = dims("?xf32", "\"n\""), out = dims("?x?xf32", "\"m\", \"n\"");
  auto result = run({in, dims("?xf32", "\"m\"")},
                    R"(
    %s = heddle.index_tensor ["m", "n"] : tensor<2xi64>
    %r = "onnx.Expand"(%a, %s) : ()" +
                        in + ", tensor<2xi64>) -> " + out,
                    {counting({2}), counting({3})}, {{"n", 2}, {"m", 3}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 1, 0, 1, 0, 1));
}

}  // namespace
}  // namespace heddle::testing
