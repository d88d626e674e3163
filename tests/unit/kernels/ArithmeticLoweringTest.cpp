// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowerings that compute: reductions, normalization, windows, quantization.

#include <cmath>
#include <limits>

#include "tests/unit/kernels/StructuredLoweringFixture.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

TEST_F(StructuredLoweringTest, ReductionsDropDimensions) {
  auto result = run({"tensor<2x3xf32>"}, parameter("x", {0}) + R"(
    %r = "onnx.ReduceMean"(%a, %x) <{keepdims = 0 : i64}>
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<3xf32>)",
                    {counting({2, 3})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.tensors[0].shape, ElementsAre(3));
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(1.5, 2.5, 3.5));
}

TEST_F(StructuredLoweringTest, ReductionsOfNothing) {
  auto reduced = [&](llvm::StringRef op) {
    auto result = run(
        {"tensor<2x0xf32>"},
        ("%r = \"onnx." + op + "\"(%a) <{keepdims = 0 : i64}> : (tensor<2x0xf32>) -> tensor<f32>")
            .str(),
        {counting({2, 0})});
    EXPECT_EQ(result.error, "");
    return result.tensors[0].elements[0].real;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(reduced("ReduceSum"), 0);
  EXPECT_EQ(reduced("ReduceProd"), 1);
  EXPECT_EQ(reduced("ReduceMax"), -infinity);
  EXPECT_EQ(reduced("ReduceMin"), infinity);
  EXPECT_EQ(reduced("ReduceLogSumExp"), -infinity);
}

TEST_F(StructuredLoweringTest, LogSumExpDoesNotOverflow) {
  auto result = run({"tensor<2xf32>"},
                    R"(%r = "onnx.ReduceLogSumExp"(%a) <{}> : (tensor<2xf32>) -> tensor<1xf32>)",
                    {reals({2}, {1000, 1000})});
  EXPECT_NEAR(result.tensors[0].elements[0].real, 1000.6931, 1e-3);
}

TEST_F(StructuredLoweringTest, HalvesAccumulateInSinglePrecision) {
  HostTensor ones = reals({4096}, std::vector<double>(4096, 1.0));
  auto result =
      run({"tensor<4096xf16>"},
          R"(%r = "onnx.ReduceSum"(%a) <{}> : (tensor<4096xf16>) -> tensor<1xf16>)", {ones});
  EXPECT_EQ(result.tensors[0].elements[0].real, 4096);
}

TEST_F(StructuredLoweringTest, ArgMaxTiesAndNans) {
  auto body = [](llvm::StringRef last) {
    return (R"(%r = "onnx.ArgMax"(%a) <{axis = 0 : i64, keepdims = 0 : i64, select_last_index = )" +
            last + " : i64}> : (tensor<4xf32>) -> tensor<i64>")
        .str();
  };
  HostTensor ties = reals({4}, {1, 5, 5, 0}), nan = reals({4}, {1, 5, NAN, 0});
  EXPECT_EQ(run({"tensor<4xf32>"}, body("0"), {ties}).tensors[0].elements[0].integer, 1);
  EXPECT_EQ(run({"tensor<4xf32>"}, body("1"), {ties}).tensors[0].elements[0].integer, 2);
  EXPECT_EQ(run({"tensor<4xf32>"}, body("0"), {nan}).tensors[0].elements[0].integer, 2);
}

TEST_F(StructuredLoweringTest, UnsignedElementsCompareUnsigned) {
  auto result =
      run({"tensor<2xui8>"}, R"(%r = "onnx.ReduceMax"(%a) <{}> : (tensor<2xui8>) -> tensor<1xui8>)",
          {integers({2}, {-1, 3})});  // 255 and 3
  EXPECT_EQ(result.tensors[0].elements[0].integer, -1);
}

TEST_F(StructuredLoweringTest, AveragePoolCountsWhatIsInside) {
  auto result = run({"tensor<1x1x4xf32>"}, R"(
    %r = "onnx.AveragePool"(%a) <{kernel_shape = array<i64: 3>, strides = array<i64: 2>,
                                  pads = array<i64: 1, 1>, ceil_mode = 1 : i64}>
      : (tensor<1x1x4xf32>) -> tensor<1x1x3xf32>)",
                    {counting({1, 1, 4})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0.5, 2, 3));
}

TEST_F(StructuredLoweringTest, QuantizeSaturates) {
  auto result = run({"tensor<4xf32>", "tensor<f32>", "tensor<ui8>"}, R"(
    %r = "onnx.QuantizeLinear"(%a, %b, %c) <{}>
      : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>)",
                    {reals({4}, {-1e30, 1e30, 2.5, 3.5}), reals({}, {1}), integers({}, {10})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(integersOf(result.tensors[0]), ElementsAre(0, -1, 12, 14));
}

TEST_F(StructuredLoweringTest, DynamicQuantizeGivesThreeResults) {
  auto result = run({"tensor<3xf32>"}, R"(
    %y, %s, %z = "onnx.DynamicQuantizeLinear"(%a)
      : (tensor<3xf32>) -> (tensor<3xui8>, tensor<f32>, tensor<ui8>))",
                    {reals({3}, {0, 2, 5.1})});
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(result.tensors.size(), 3u);
  EXPECT_THAT(integersOf(result.tensors[0]), ElementsAre(0, 100, -1));
  EXPECT_NEAR(result.tensors[1].elements[0].real, 0.02, 1e-6);
}

TEST_F(StructuredLoweringTest, PatternsFollowTheAxes) {
  auto softmax = [&](llvm::StringRef axis) {
    return pattern({"tensor<2x3x4xf32>"}, (R"(%r = "onnx.Softmax"(%a) <{axis = )" + axis +
                                           " : i64}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>")
                                              .str());
  };
  EXPECT_EQ(softmax("-1"), AccessPattern::Row);
  EXPECT_EQ(softmax("1"), AccessPattern::Reduction);
}

}  // namespace
}  // namespace heddle::testing
