// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// QuantizeLinear, DequantizeLinear (per tensor, per axis, in blocks), DynamicQuantizeLinear.

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// Which element of a scale or zero point belongs to an element of x.
struct Granularity {
  AxisView view{1, 1, 1};
  int64_t block = 0;  // 0: one for all; 1 with `per_axis`: one per index of the axis
  bool per_axis = false;
  int64_t blocks = 0;

  int64_t Index(int64_t i) const {
    if (block == 0 && !per_axis) return 0;
    int64_t along = i / view.inner % view.size;
    if (per_axis) return along;
    return (i / view.inner / view.size * blocks + along / block) * view.inner + i % view.inner;
  }
};

absl::StatusOr<Granularity> ParseGranularity(const LibraryCall& call, std::string_view op) {
  TensorView x = call.operand(0), scale = call.operand(1);
  Granularity g;
  if (scale.element_type == ElementType::kUndefined) return Invalid(op, "there is no scale");
  if (call.has_operand(2) && call.operand(2).count() != scale.count()) {
    return Invalid(op, "scale ", ShapeText(scale.dims), " and zero point ",
                   ShapeText(call.operand(2).dims));
  }
  int64_t block = call.Int("block_size", 0);
  if (scale.count() == 1 && (scale.rank() == 0 || block == 0)) return g;
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(op, call.Int("axis", 1), x.rank()));
  g.view = AroundAxis(x.dims, axis);
  if (scale.rank() == 1 && block == 0) {
    g.per_axis = true;
    if (scale.dim(0) == g.view.size) return g;
  } else if (block > 0 && scale.rank() == x.rank()) {
    Dims dims = ToDims(x.dims);
    g.block = block;
    g.blocks = dims[axis] = scale.dim(axis);
    bool covers = g.blocks == CeilDiv(g.view.size, block);
    if (scale.dims == DimSpan(dims) && covers) return g;
  }
  return Invalid(op, "scale ", ShapeText(scale.dims), " for ", ShapeText(x.dims), " along axis ",
                 axis, " in blocks of ", block);
}

bool IntegerRange(ElementType type, double& low, double& high) {
  switch (type) {
    case ElementType::kInt4:
      low = -8, high = 7;
      return true;
    case ElementType::kUint4:
      low = 0, high = 15;
      return true;
    case ElementType::kInt8:
      low = -128, high = 127;
      return true;
    case ElementType::kUint8:
      low = 0, high = 255;
      return true;
    case ElementType::kInt16:
      low = -32768, high = 32767;
      return true;
    case ElementType::kUint16:
      low = 0, high = 65535;
      return true;
    default:
      return false;
  }
}

double Largest(ElementType type) {
  switch (type) {
    case ElementType::kFloat8E4M3FN:
      return 448;
    case ElementType::kFloat8E4M3FNUZ:
      return 240;
    case ElementType::kFloat4E2M1:
      return 6;
    default:
      return 57344;
  }
}

// Operands 1 and 2, and which of their elements belongs to which of operand 0.
struct Quantization {
  Granularity granularity;
  absl::Span<const float> scale;
  absl::Span<const double> zero;  // empty: 0

  double ZeroPoint(int64_t at) const { return zero.empty() ? 0 : zero[at]; }
};

absl::StatusOr<Quantization> LoadQuantization(LibraryCall& call, std::string_view op) {
  Quantization quantization;
  HEDDLE_ASSIGN_OR_RETURN(quantization.granularity, ParseGranularity(call, op));
  HEDDLE_ASSIGN_OR_RETURN(quantization.scale, Load<float>(call, op, 1));
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(quantization.zero, Load<double>(call, op, 2));
  }
  return quantization;
}

// y[i] = function(x[i], at), with the place of scale and zero point; in numbers, block by block.
template <typename To, typename Function>
absl::Status Transform(std::string_view op, const Granularity& granularity, const TensorView& x,
                       const MutableTensorView& y, Function function) {
  constexpr int64_t kBlock = 512;
  double from[kBlock];
  To to[kBlock];
  int64_t count = x.count();
  for (int64_t first = 0; first < count; first += kBlock) {
    int64_t n = std::min(kBlock, count - first);
    if (!ReadNumbers(x.element_type, x.data, first, n, from)) return NoSuchType(op, x.element_type);
    for (int64_t i = 0; i < n; ++i) to[i] = function(from[i], granularity.Index(first + i));
    if (!WriteNumbers(y.element_type, to, y.data, first, n)) return NoSuchType(op, y.element_type);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status QuantizeLinear(LibraryCall& call) {
  constexpr std::string_view kOp = "QuantizeLinear";
  HEDDLE_ASSIGN_OR_RETURN(Quantization quantization, LoadQuantization(call, kOp));
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), x.dims));
  double low = 0, high = 0;
  bool integer = IntegerRange(y.element_type, low, high);
  bool saturate = call.Int("saturate", 1) != 0 && !integer;
  double largest = Largest(y.element_type);
  // The division rounds to the scale's type unless `precision` names float.
  ElementType precision =
      call.Int("precision", 0) == 0 ? call.operand(1).element_type : ElementType::kFloat32;
  auto quantize = [&](double number, int64_t at) -> double {
    double zero = quantization.ZeroPoint(at);
    float quotient = static_cast<float>(number) / quantization.scale[at];
    if (precision == ElementType::kFloat16) quotient = static_cast<float>(Float16(quotient));
    if (precision == ElementType::kBFloat16) quotient = static_cast<float>(BFloat16(quotient));
    if (integer) {
      double v = std::nearbyint(quotient) + zero;
      return std::isnan(v) ? zero : std::clamp(v, low, high);
    }
    double v = quotient + zero;
    return saturate && !std::isnan(v) ? std::clamp(v, -largest, largest) : v;
  };
  return Transform<double>(kOp, quantization.granularity, x, y, quantize);
}

absl::Status DequantizeLinear(LibraryCall& call) {
  constexpr std::string_view kOp = "DequantizeLinear";
  HEDDLE_ASSIGN_OR_RETURN(Quantization quantization, LoadQuantization(call, kOp));
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), x.dims));
  return Transform<float>(kOp, quantization.granularity, x, y, [&](double number, int64_t at) {
    return static_cast<float>(number - quantization.ZeroPoint(at)) * quantization.scale[at];
  });
}

absl::Status DynamicQuantizeLinear(LibraryCall& call) {
  constexpr std::string_view kOp = "DynamicQuantizeLinear";
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> x, Load<float>(call, kOp, 0));
  float low = 0, high = 0;
  for (float v : x) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  float scale = low == high ? 1.0f : (high - low) / 255.0f;
  float zero = std::nearbyint(std::clamp(-low / scale, 0.0f, 255.0f));
  if (!(scale > 0) || !std::isfinite(scale)) return Invalid(kOp, "values from ", low, " to ", high);
  if (call.wants_result(0)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y,
                            call.Result(0, ElementType::kUint8, call.operand(0).dims));
    uint8_t* to = static_cast<uint8_t*>(y.data);
    for (size_t i = 0; i < x.size(); ++i) {
      to[i] = ConvertNumber<uint8_t>(std::nearbyint(x[i] / scale) + zero);
    }
  }
  if (call.wants_result(1)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result, call.Result(1, ElementType::kFloat32, {}));
    *static_cast<float*>(result.data) = scale;
  }
  if (call.wants_result(2)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result, call.Result(2, ElementType::kUint8, {}));
    *static_cast<uint8_t*>(result.data) = static_cast<uint8_t>(zero);
  }
  return absl::OkStatus();
}

}  // namespace heddle::library
