// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions and their counterparts.

#include "dialects/onnx/shapes/Window.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The kernel of a convolution: an attribute, where there is one, else what the weights have.
template <typename Op>
static FailureOr<Dims> readKernel(Op op, const TensorFacts &x, const TensorFacts &weights) {
  if (int64_t group = op.getGroup(); group < 1)
    return op.emitOpError("has ") << group << " groups";
  if (failed(expectRankAtLeast(op, "an operand", x, 3)) ||
      failed(expectRank(op, "weights", weights, x.rank())))
    return failure();
  Dims kernel(ArrayRef<DimExpr>(weights.dims).drop_front(2));
  std::optional<ArrayRef<int64_t>> given = op.getKernelShape();
  if (!given || given->empty())
    return kernel;
  if (given->size() != kernel.size())
    return op.emitOpError("expects ")
           << kernel.size() << " values in kernel_shape, got " << given->size();
  for (auto [size, attribute] : llvm::zip(kernel, *given)) {
    FailureOr<DimExpr> dim = unifyDims(op, "kernel_shape and weights", size, attribute);
    if (failed(dim))
      return failure();
    size = *dim;
  }
  return kernel;
}

/// The dimensions of Conv and the operators like it.
template <typename Op>
static FailureOr<Dims> convolve(Op op, const TensorFacts &x, const TensorFacts &weights) {
  FailureOr<Dims> kernel = readKernel(op, x, weights);
  if (failed(kernel))
    return failure();
  int64_t group = op.getGroup();
  DimExpr channels = weights.dims[1] * group;
  if (channels.asConstant() && x.dims[1].asConstant() && channels != x.dims[1])
    return op.emitOpError("expects ")
           << channels.str() << " channels, for weights of " << describe(weights.dims) << " and "
           << group << " groups, got " << x.dims[1].str();
  FailureOr<Window> window = readWindow(op, *kernel);
  if (failed(window))
    return failure();
  Dims dims{x.dims[0], weights.dims[0]};
  for (int64_t i = 0; i < x.rank() - 2; ++i) {
    DimExpr size = window->places(i, x.dims[i + 2]);
    if (size.asConstant() && !size.isAtLeast(0))
      return op.emitOpError("has a kernel of ")
             << describe(window->kernel) << " that does not fit into " << describe(x.dims);
    dims.push_back(size);
  }
  return dims;
}

static LogicalResult inferConv(ConvOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &w = context.facts(op.getW());
  if (failed(expectSameType(op, x, w)))
    return failure();
  FailureOr<Dims> dims = convolve(op, x, w);
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), x.elementType, *dims);
  return success();
}

static LogicalResult inferConvInteger(ConvIntegerOp op, ShapeContext &context) {
  FailureOr<Dims> dims = convolve(op, context.facts(op.getX()), context.facts(op.getW()));
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), IntegerType::get(op.getContext(), 32), *dims);
  return success();
}

static LogicalResult inferQLinearConv(QLinearConvOp op, ShapeContext &context) {
  FailureOr<Dims> dims = convolve(op, context.facts(op.getX()), context.facts(op.getW()));
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), context.facts(op.getYZeroPoint()).elementType, *dims);
  return success();
}

static LogicalResult inferDeformConv(DeformConvOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  FailureOr<Dims> dims = convolve(op, x, context.facts(op.getW()));
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), x.elementType, *dims);
  return success();
}

static LogicalResult inferConvTranspose(ConvTransposeOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &w = context.facts(op.getW());
  if (failed(expectSameType(op, x, w)))
    return failure();
  FailureOr<Dims> kernel = readKernel(op, x, w);
  if (failed(kernel) || failed(unifyDims(op, "channels of X and W", x.dims[1], w.dims[0])))
    return failure();
  FailureOr<Window> window = readWindow(op, *kernel);
  int64_t spatial = x.rank() - 2;
  FailureOr<SmallVector<int64_t>> extra =
      readList(op, "output_padding", op.getOutputPadding(), spatial, 0, /*least=*/0);
  if (failed(window) || failed(extra))
    return failure();
  std::optional<ArrayRef<int64_t>> wanted = op.getOutputShape();
  if (wanted && wanted->empty())
    wanted.reset();
  // Older models name the batch and the channels too.
  if (wanted && int64_t(wanted->size()) == spatial + 2)
    wanted = wanted->drop_front(2);
  if (wanted && int64_t(wanted->size()) != spatial)
    return op.emitOpError("expects ")
           << spatial << " values in output_shape, got " << wanted->size();
  Dims dims{x.dims[0], w.dims[1] * int64_t(op.getGroup())};
  for (int64_t i = 0; i < spatial; ++i) {
    const DimExpr &size = x.dims[i + 2];
    if (wanted)
      dims.push_back((*wanted)[i]);
    else if (window->isSame)
      dims.push_back(size * window->strides[i]);
    else
      dims.push_back((size - 1) * window->strides[i] + (*extra)[i] + window->extent(i) -
                     (window->isValid ? 0 : window->padsBefore[i] + window->padsAfter[i]));
  }
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferCausalConv(CausalConvWithStateOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  const TensorFacts &weight = context.facts(op.getWeight());
  if (failed(expectRank(op, "an operand", input, 3)) ||
      failed(expectRank(op, "a weight", weight, 3)))
    return failure();
  context.setFacts(op.getOutput(), input.elementType, input.dims);
  context.setFacts(op.getPresentState(), input.elementType,
                   {input.dims[0], input.dims[1], weight.dims[2] - 1});
  return success();
}

static LogicalResult inferCol2Im(Col2ImOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  const TensorFacts &image = context.facts(op.getImageShape());
  const TensorFacts &block = context.facts(op.getBlockShape());
  if (failed(expectRank(op, "an operand", input, 3)))
    return failure();
  FailureOr<int64_t> count = rankGivenBy(op, image);
  if (failed(count))
    return failure();
  DimExpr area = block.integers ? DimExpr(1) : DimExpr::unknown();
  for (const DimExpr &size : block.integers.value_or(std::vector<DimExpr>()))
    area = area * size;
  DimExpr channels = input.dims[1].floorDiv(area);
  Dims dims{input.dims[0], channels.isKnown() ? channels : context.freshSymbol(op.getOutput(), 1)};
  for (int64_t i = 0; i < *count; ++i)
    dims.push_back(
        dimOrFresh(context, image.integers ? &*image.integers : nullptr, i, op.getOutput(), i + 2));
  context.setFacts(op.getOutput(), input.elementType, dims);
  return success();
}

void heddle::onnx::attachConvolutionShapes(MLIRContext *context) {
  attachRules<inferConv, inferConvInteger, inferQLinearConv, inferDeformConv, inferConvTranspose,
              inferCausalConv, inferCol2Im>(context);
}
