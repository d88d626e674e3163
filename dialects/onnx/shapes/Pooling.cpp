// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Poolings and their counterpart.

#include "dialects/onnx/shapes/Window.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The norm of LpPool and GlobalLpPool.
template <typename Op> static LogicalResult expectNorm(Op op) {
  if constexpr (requires { op.getP(); })
    if (int64_t norm = op.getP(); norm < 1)
      return op.emitOpError("has the norm ") << norm << ", expected 1 or more";
  return success();
}

/// The window of a pooling, by whose attributes alone the rank of its operand is known.
template <typename Op> static FailureOr<Window> readPoolWindow(Op op, const TensorFacts &x) {
  if (failed(expectNorm(op)))
    return failure();
  ArrayRef<int64_t> kernel = op.getKernelShape();
  if (failed(expectRank(op, "an operand", x, int64_t(kernel.size()) + 2)))
    return failure();
  // No weights say how large a kernel is, so that nothing else bounds the work.
  constexpr int64_t kMostPlaces = int64_t(1) << 24;
  int64_t places = 1;
  for (int64_t size : kernel) {
    if (size > kMostPlaces / places)
      return op.emitOpError("has a kernel of more than ") << kMostPlaces << " places";
    places *= std::max<int64_t>(size, 1);
  }
  return readWindow(op, Dims(kernel.begin(), kernel.end()));
}

template <typename Op> static FailureOr<Dims> poolDims(Op op, const TensorFacts &x) {
  FailureOr<Window> window = readPoolWindow(op, x);
  if (failed(window))
    return failure();
  Dims dims{x.dims[0], x.dims[1]};
  for (int64_t i = 0; i + 2 < x.rank(); ++i) {
    dims.push_back(window->places(i, x.dims[i + 2]));
    if (dims.back().asConstant() && !dims.back().isAtLeast(0))
      return op.emitOpError("has a kernel of ")
             << describe(window->kernel) << " that does not fit into " << describe(x.dims);
  }
  return dims;
}

template <typename Op> static LogicalResult inferPool(Op op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  FailureOr<Dims> dims = poolDims(op, x);
  if (failed(dims))
    return failure();
  context.setFacts(op.getY(), x.elementType, *dims);
  if constexpr (requires { op.getIndices(); })
    if (op.getIndices())
      context.setFacts(op.getIndices(), IntegerType::get(op.getContext(), 64), *dims);
  return success();
}

template <typename Op> static LogicalResult inferGlobalPool(Op op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectRankAtLeast(op, "an operand", x, 2)) || failed(expectNorm(op)))
    return failure();
  Dims dims(x.rank(), DimExpr(1));
  dims[0] = x.dims[0];
  dims[1] = x.dims[1];
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferMaxUnpool(MaxUnpoolOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  FailureOr<Window> window = readPoolWindow(op, x);
  if (failed(window))
    return failure();
  Dims dims{x.dims[0], x.dims[1]};
  const TensorFacts *wanted = optionalFacts(context, op.getOutputShape());
  for (int64_t axis = 2; axis < x.rank(); ++axis) {
    int64_t i = axis - 2;
    if (wanted)
      dims.push_back(dimOrFresh(context, wanted->integers ? &*wanted->integers : nullptr, axis,
                                op.getOutput(), axis));
    else
      dims.push_back((x.dims[axis] - 1) * window->strides[i] + window->kernel[i] -
                     (window->padsBefore[i] + window->padsAfter[i]));
  }
  context.setFacts(op.getOutput(), x.elementType, dims);
  return success();
}

void heddle::onnx::attachPoolingShapes(MLIRContext *context) {
  attachRules<inferPool<AveragePoolOp>, inferPool<LpPoolOp>, inferPool<MaxPoolOp>,
              inferGlobalPool<GlobalAveragePoolOp>, inferGlobalPool<GlobalLpPoolOp>,
              inferGlobalPool<GlobalMaxPoolOp>, inferMaxUnpool>(context);
}
