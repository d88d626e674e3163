// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of quantised numbers: MatMulInteger, QLinearMatMul, ConvInteger, QLinearConv. Sums of
// products of 8-bit numbers are exact in double, so the float kernels serve.

#include <algorithm>
#include <cmath>

#include "runtime/library/convolution.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// Operand `index` minus the zero point in operand `zero`, which has one element, one per index of
// `axis`, or a shape that broadcasts.
absl::StatusOr<absl::Span<const double>> LoadCentred(LibraryCall& call, std::string_view op,
                                                     int index, int zero, int axis) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, op, index));
  if (!call.has_operand(zero)) return x;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> z, Load<double>(call, op, zero));
  DimSpan dims = call.operand(index).dims;
  Dims z_dims = ToDims(call.operand(zero).dims);
  if (z.size() == 1) z_dims = {};
  if (z_dims.size() == 1 && axis >= 0 && axis < static_cast<int>(dims.size())) {
    z_dims.resize(dims.size() - axis, 1);
  }
  HEDDLE_ASSIGN_OR_RETURN(Dims both, BroadcastDims(op, z_dims, dims));
  if (DimSpan(both) != dims) {
    return Invalid(op, "zero point ", ShapeText(call.operand(zero).dims), " for ", ShapeText(dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> centred, Scratch<double>(call, op, x.size()));
  int64_t i = 0;
  ForEachIndex<1>(dims, {BroadcastStrides(z_dims, dims)}, [&](const std::array<int64_t, 1>& at) {
    centred[i] = x[i] - z[at[0]];
    ++i;
  });
  return absl::Span<const double>(centred);
}

struct Matrices {
  Dims a, b, batch, result;  // a and b with at least two dimensions
};

absl::StatusOr<Matrices> ParseMatrices(LibraryCall& call, std::string_view op, int a, int b) {
  Matrices m;
  m.a = ToDims(call.operand(a).dims);
  m.b = ToDims(call.operand(b).dims);
  if (m.a.empty() || m.b.empty()) return Invalid(op, "a product with a scalar");
  bool row = m.a.size() == 1, column = m.b.size() == 1;
  if (row) m.a.insert(m.a.begin(), 1);
  if (column) m.b.push_back(1);
  size_t ra = m.a.size(), rb = m.b.size();
  if (m.a[ra - 1] != m.b[rb - 2]) {
    return Invalid(op, "shapes ", ShapeText(m.a), " and ", ShapeText(m.b), " do not multiply");
  }
  HEDDLE_ASSIGN_OR_RETURN(
      m.batch, BroadcastDims(op, DimSpan(m.a).subspan(0, ra - 2), DimSpan(m.b).subspan(0, rb - 2)));
  m.result = m.batch;
  if (!row) m.result.push_back(m.a[ra - 2]);
  if (!column) m.result.push_back(m.b[rb - 1]);
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, m.result).status());
  return m;
}

absl::StatusOr<absl::Span<double>> Product(LibraryCall& call, std::string_view op,
                                           const Matrices& m, absl::Span<const double> a,
                                           absl::Span<const double> b) {
  int64_t rows = m.a[m.a.size() - 2], depth = m.a.back(), columns = m.b.back();
  HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(op, m.result));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, Scratch<double>(call, op, count));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> turned, Scratch<double>(call, op, {depth, columns}));
  std::fill(y.begin(), y.end(), 0.0);
  DimSpan a_batch = DimSpan(m.a).subspan(0, m.a.size() - 2),
          b_batch = DimSpan(m.b).subspan(0, m.b.size() - 2);
  double* to = y.data();
  ForEachIndex<2>(m.batch, {BroadcastStrides(a_batch, m.batch), BroadcastStrides(b_batch, m.batch)},
                  [&](const std::array<int64_t, 2>& at) {
                    const double* right = b.data() + at[1] * depth * columns;
                    for (int64_t k = 0; k < depth; ++k) {
                      for (int64_t j = 0; j < columns; ++j)
                        turned[j * depth + k] = right[k * columns + j];
                    }
                    MultiplyTransposed(a.data() + at[0] * rows * depth, rows, depth, turned.data(),
                                       columns, depth, depth, to, columns);
                    to += rows * columns;
                  });
  return y;
}

template <typename T>
absl::Status StoreIntegers(LibraryCall& call, std::string_view op, DimSpan dims, const T* values) {
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), dims));
  if (!WriteNumbers(y.element_type, values, y.data, 0, y.count()))
    return NoSuchType(op, y.element_type);
  return absl::OkStatus();
}

// A scale as strides over the result: one, or 1-D along `axis`, or a shape that broadcasts.
absl::StatusOr<Dims> ScaleStrides(LibraryCall& call, std::string_view op, int index, DimSpan dims,
                                  int axis) {
  TensorView view = call.operand(index);
  Dims scale = ToDims(view.dims);
  if (view.count() == 1) return Dims(dims.size(), 0);
  if (scale.size() == 1 && axis >= 0) scale.resize(dims.size() - axis, 1);
  HEDDLE_ASSIGN_OR_RETURN(Dims both, BroadcastDims(op, scale, dims));
  if (DimSpan(both) != dims) {
    return Invalid(op, "scale ", ShapeText(view.dims), " for a result of ", ShapeText(dims));
  }
  return BroadcastStrides(scale, dims);
}

// Scales sums and rounds them into the result type. The scales are operands first, second and y.
absl::Status Requantize(LibraryCall& call, std::string_view op, DimSpan dims,
                        absl::Span<double> sums, int first, int second, int y, int first_axis,
                        int second_axis) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> a, Load<float>(call, op, first));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> b, Load<float>(call, op, second));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> scale, Load<float>(call, op, y));
  HEDDLE_ASSIGN_OR_RETURN(Dims a_strides, ScaleStrides(call, op, first, dims, first_axis));
  HEDDLE_ASSIGN_OR_RETURN(Dims b_strides, ScaleStrides(call, op, second, dims, second_axis));
  HEDDLE_ASSIGN_OR_RETURN(Dims y_strides, ScaleStrides(call, op, y, dims, -1));
  absl::Span<const double> zero;
  Dims z_strides(dims.size(), 0);
  if (call.has_operand(y + 1)) {
    HEDDLE_ASSIGN_OR_RETURN(zero, Load<double>(call, op, y + 1));
    HEDDLE_ASSIGN_OR_RETURN(z_strides, ScaleStrides(call, op, y + 1, dims, -1));
  }
  int64_t i = 0;
  ForEachIndex<4>(dims, {a_strides, b_strides, y_strides, z_strides},
                  [&](const std::array<int64_t, 4>& at) {
                    double factor = a[at[0]] * b[at[1]] / scale[at[2]];
                    double v = std::nearbyint(sums[i] * factor);
                    sums[i++] = v + (zero.empty() ? 0 : zero[at[3]]);
                  });
  return StoreIntegers(call, op, dims, sums.data());
}

}  // namespace

absl::Status MatMulInteger(LibraryCall& call) {
  constexpr std::string_view kOp = "MatMulInteger";
  HEDDLE_ASSIGN_OR_RETURN(Matrices m, ParseMatrices(call, kOp, 0, 1));
  int row_axis = call.operand(0).rank() - 2;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> a, LoadCentred(call, kOp, 0, 2, row_axis));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> b, LoadCentred(call, kOp, 1, 3, -1));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, Product(call, kOp, m, a, b));
  return StoreIntegers(call, kOp, m.result, y.data());
}

absl::Status QLinearMatMul(LibraryCall& call) {
  constexpr std::string_view kOp = "QLinearMatMul";
  HEDDLE_ASSIGN_OR_RETURN(Matrices m, ParseMatrices(call, kOp, 0, 3));
  int row_axis = call.operand(0).rank() - 2;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> a, LoadCentred(call, kOp, 0, 2, row_axis));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> b, LoadCentred(call, kOp, 3, 5, -1));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, Product(call, kOp, m, a, b));
  int y_row = call.operand(3).rank() == 1 ? -1 : static_cast<int>(m.result.size()) - 2;
  return Requantize(call, kOp, m.result, y, 1, 4, 6, y_row, -1);
}

namespace {

absl::StatusOr<absl::Span<double>> ConvolveIntegers(LibraryCall& call, std::string_view op,
                                                    const Convolution& conv, int x, int x_zero,
                                                    int w, int w_zero, int bias) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> image, LoadCentred(call, op, x, x_zero, -1));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> weights, LoadCentred(call, op, w, w_zero, 0));
  HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(op, conv.result));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, Scratch<double>(call, op, count));
  std::fill(y.begin(), y.end(), 0.0);
  if (bias >= 0 && call.has_operand(bias)) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> b, Load<double>(call, op, bias));
    if (static_cast<int64_t>(b.size()) != conv.out_channels)
      return Invalid(op, b.size(), " biases");
    int64_t positions = library::Product(conv.window.out);
    for (int64_t i = 0; i < count; ++i) y[i] = b[i / positions % conv.out_channels];
  }
  HEDDLE_RETURN_IF_ERROR(Convolve<double>(call, op, conv, image.data(), weights.data(), y.data()));
  return y;
}

}  // namespace

absl::Status ConvInteger(LibraryCall& call) {
  constexpr std::string_view kOp = "ConvInteger";
  HEDDLE_ASSIGN_OR_RETURN(Convolution conv, ParseConvolution(call, kOp, 0, 1));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, ConvolveIntegers(call, kOp, conv, 0, 2, 1, 3, -1));
  return StoreIntegers(call, kOp, conv.result, y.data());
}

absl::Status QLinearConv(LibraryCall& call) {
  constexpr std::string_view kOp = "QLinearConv";
  HEDDLE_ASSIGN_OR_RETURN(Convolution conv, ParseConvolution(call, kOp, 0, 3));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> y, ConvolveIntegers(call, kOp, conv, 0, 2, 3, 5, 8));
  return Requantize(call, kOp, conv.result, y, 1, 4, 6, -1, 1);
}

}  // namespace heddle::library
