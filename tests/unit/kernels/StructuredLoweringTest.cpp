// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each operator's lowering: the pattern it reports, IR that verifies, and what it computes, by the
// interpreter of structured kernels.

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "tests/unit/kernels/SingleOperator.h"
#include "tests/unit/kernels/StructuredInterpreter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <map>

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

HostTensor reals(std::vector<int64_t> shape, std::vector<double> values) {
  HostTensor tensor{std::move(shape), {}};
  for (double value : values)
    tensor.elements.push_back({.real = value});
  return tensor;
}

HostTensor integers(std::vector<int64_t> shape, std::vector<int64_t> values) {
  HostTensor tensor{std::move(shape), {}};
  for (int64_t value : values)
    tensor.elements.push_back({.integer = value});
  return tensor;
}

/// 0, 1, 2, ...
HostTensor counting(std::vector<int64_t> shape) {
  HostTensor tensor{std::move(shape), {}};
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.elements.push_back({.real = static_cast<double>(i)});
  return tensor;
}

std::vector<double> realsOf(const HostTensor &tensor) {
  std::vector<double> values;
  for (Number number : tensor.elements)
    values.push_back(number.real);
  return values;
}

std::vector<int64_t> integersOf(const HostTensor &tensor) {
  std::vector<int64_t> values;
  for (Number number : tensor.elements)
    values.push_back(number.integer);
  return values;
}

class StructuredLoweringTest : public ::testing::Test {
protected:
  StructuredLoweringTest() { loadDialects(context); }

  /// `body` is the operator and its parameters; the operands are %a, %b ... of these types.
  mlir::func::FuncOp parse(std::vector<std::string> operandTypes, llvm::StringRef body) {
    std::string text = "func.func @main(";
    for (size_t i = 0; i < operandTypes.size(); ++i)
      text += (i ? ", %" : "%") + std::string(1, static_cast<char>('a' + i)) + ": " +
              operandTypes[i];
    text += ") {\n" + body.str() + "\nreturn\n}";
    source = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(source) << text;
    return *source->getOps<mlir::func::FuncOp>().begin();
  }

  std::optional<AccessPattern> pattern(std::vector<std::string> operandTypes,
                                       llvm::StringRef body) {
    return accessPattern(operatorOf(parse(std::move(operandTypes), body)));
  }

  /// Runs the operator; symbols take the values that `sizes` gives them by name.
  InterpreterResult run(std::vector<std::string> operandTypes, llvm::StringRef body,
                        std::vector<HostTensor> operands,
                        const std::map<std::string, int64_t> &sizes = {}) {
    mlir::func::FuncOp function = parse(std::move(operandTypes), body);
    EXPECT_TRUE(accessPattern(operatorOf(function)));
    kernel = lowerSingle(function);
    if (!kernel.function)
      return {{}, "the lowering failed"};
    for (const std::string &symbol : kernel.symbols)
      operands.push_back(integers({}, {sizes.at(symbol)}));
    return interpret(kernel.function, operands);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> source;
  SingleKernel kernel;
};

std::string dims(llvm::StringRef shape, llvm::StringRef names) {
  return ("tensor<" + shape + ", #heddle.dims<[" + names + "]>>").str();
}

TEST_F(StructuredLoweringTest, SliceBackwardsFromBeyondTheEnd) {
  auto result = run({"tensor<5xf32>"}, R"(
    %s = "onnx.Constant"() <{value = dense<9223372036854775807> : tensor<1xi64>}> : () -> tensor<1xi64>
    %e = "onnx.Constant"() <{value = dense<-9223372036854775808> : tensor<1xi64>}> : () -> tensor<1xi64>
    %x = "onnx.Constant"() <{value = dense<-1> : tensor<1xi64>}> : () -> tensor<1xi64>
    %t = "onnx.Constant"() <{value = dense<-2> : tensor<1xi64>}> : () -> tensor<1xi64>
    %r = "onnx.Slice"(%a, %s, %e, %x, %t) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}>
      : (tensor<5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xf32>)",
                    {counting({5})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(4, 2, 0));
}

TEST_F(StructuredLoweringTest, SliceOfASymbolicAxis) {
  std::string in = dims("?xf32", "\"n\""), out = dims("?xf32", "\"min(n, 3)\"");
  auto result = run({in}, R"(
    %s = "onnx.Constant"() <{value = dense<-3> : tensor<1xi64>}> : () -> tensor<1xi64>
    %e = "onnx.Constant"() <{value = dense<9223372036854775807> : tensor<1xi64>}> : () -> tensor<1xi64>
    %r = "onnx.Slice"(%a, %s, %e) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}>
      : ()" + in + ", tensor<1xi64>, tensor<1xi64>) -> " + out,
                    {counting({2})}, {{"n", 2}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 1));
}

TEST_F(StructuredLoweringTest, ReflectMirrorsMoreThanOnce) {
  std::string in = dims("?xf32", "\"n\""), out = dims("?xf32", "\"n + 8\"");
  auto body = R"(
    %p = "onnx.Constant"() <{value = dense<[5, 3]> : tensor<2xi64>}> : () -> tensor<2xi64>
    %r = "onnx.Pad"(%a, %p) <{mode = "reflect", operandSegmentSizes = array<i32: 1, 1, 0, 0>}>
      : ()" + in + ", tensor<2xi64>) -> " + out;
  auto result = run({in}, body, {counting({3})}, {{"n", 3}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1));
  EXPECT_EQ(run({in}, body, {counting({0})}, {{"n", 0}}).error, "shape mismatch");
}

TEST_F(StructuredLoweringTest, PadsWithAnElementAndCutsOff) {
  auto result = run({"tensor<4xf32>", "tensor<f32>"}, R"(
    %p = "onnx.Constant"() <{value = dense<[-1, 2]> : tensor<2xi64>}> : () -> tensor<2xi64>
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
  auto good = run({"tensor<3xf32>", "tensor<2xi32>"}, body, {counting({3}), integers({2}, {-1, 0})});
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

TEST_F(StructuredLoweringTest, ReductionsDropDimensions) {
  auto result = run({"tensor<2x3xf32>"}, R"(
    %x = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
    %r = "onnx.ReduceMean"(%a, %x) <{keepdims = 0 : i64}>
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<3xf32>)",
                    {counting({2, 3})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.tensors[0].shape, ElementsAre(3));
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(1.5, 2.5, 3.5));
}

TEST_F(StructuredLoweringTest, ReductionsOfNothing) {
  auto reduced = [&](llvm::StringRef op) {
    auto result = run({"tensor<2x0xf32>"},
                      ("%r = \"onnx." + op +
                       "\"(%a) <{keepdims = 0 : i64}> : (tensor<2x0xf32>) -> tensor<f32>")
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
  auto result = run({"tensor<4096xf16>"},
                    R"(%r = "onnx.ReduceSum"(%a) <{}> : (tensor<4096xf16>) -> tensor<1xf16>)",
                    {ones});
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
  auto result = run({"tensor<2xui8>"},
                    R"(%r = "onnx.ReduceMax"(%a) <{}> : (tensor<2xui8>) -> tensor<1xui8>)",
                    {integers({2}, {-1, 3})}); // 255 and 3
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

TEST_F(StructuredLoweringTest, ResizeByAWholeFactorDividesIndices) {
  auto result = run({"tensor<2xf32>"}, R"(
    %s = "onnx.Constant"() <{value = dense<3.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %r = "onnx.Resize"(%a, %s) <{mode = "nearest", operandSegmentSizes = array<i32: 1, 0, 1, 0>}>
      : (tensor<2xf32>, tensor<1xf32>) -> tensor<6xf32>)",
                    {counting({2})});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 0, 0, 1, 1, 1));
  // The coordinates of other factors are computed in f64.
  kernel.function.walk([&](mlir::Operation *op) {
    for (mlir::Type type : op->getResultTypes())
      EXPECT_FALSE(type.isF64() && llvm::isa<mlir::linalg::GenericOp>(op->getParentOp()));
  });
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
    return pattern({"tensor<2x3x4xf32>"},
                   (R"(%r = "onnx.Softmax"(%a) <{axis = )" + axis +
                    " : i64}> : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>")
                       .str());
  };
  EXPECT_EQ(softmax("-1"), AccessPattern::Row);
  EXPECT_EQ(softmax("1"), AccessPattern::Reduction);
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
  auto result = run({in, dims("?xf32", "\"m\"")}, R"(
    %s = heddle.index_tensor ["m", "n"] : tensor<2xi64>
    %r = "onnx.Expand"(%a, %s) : ()" + in + ", tensor<2xi64>) -> " + out,
                    {counting({2}), counting({3})}, {{"n", 2}, {"m", 3}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(realsOf(result.tensors[0]), ElementsAre(0, 1, 0, 1, 0, 1));
}

} // namespace
} // namespace heddle::testing
