// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running sums and products along an axis, and Range.

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

template <typename Operation>
absl::Status Scan(LibraryCall& call, std::string_view op, int identity, Operation&& operation) {
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int64_t axis_value, IntScalar(call, op, 1));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(op, axis_value, x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, x.element_type, x.dims));
  bool exclusive = call.Int("exclusive", 0) != 0, reverse = call.Int("reverse", 0) != 0;
  AxisView view = AroundAxis(x.dims, axis);
  return VisitNumber(op, x.element_type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    using C = ComputeType<T>;
    const T* from = static_cast<const T*>(x.data);
    T* to = static_cast<T*>(y.data);
    for (int64_t outer = 0; outer < view.outer; ++outer) {
      for (int64_t inner = 0; inner < view.inner; ++inner) {
        C sum = static_cast<C>(identity);
        for (int64_t i = 0; i < view.size; ++i) {
          int64_t position = reverse ? view.size - 1 - i : i;
          int64_t at = (outer * view.size + position) * view.inner + inner;
          C next = operation(sum, ToCompute(from[at]));
          to[at] = ConvertNumber<T>(exclusive ? sum : next);
          sum = next;
        }
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status CumSum(LibraryCall& call) {
  return Scan(call, "CumSum", 0, [](auto a, auto b) { return Add(a, b); });
}

absl::Status CumProd(LibraryCall& call) {
  return Scan(call, "CumProd", 1, [](auto a, auto b) { return Multiply(a, b); });
}

absl::Status Range(LibraryCall& call) {
  constexpr std::string_view kOp = "Range";
  for (int i = 0; i < 3; ++i) {
    if (!call.has_operand(i) || call.operand(i).count() != 1) {
      return Invalid(kOp, "operand ", i, " is not one number");
    }
  }
  ElementType type = call.operand(0).element_type;
  return VisitNumber(kOp, type, [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::Type;
    if (call.operand(1).element_type != type || call.operand(2).element_type != type) {
      return Invalid(kOp, "operands of several types");
    }
    auto get = [&](int i) { return ToCompute(static_cast<const T*>(call.operand(i).data)[0]); };
    auto start = get(0), limit = get(1), delta = get(2);
    int64_t count;
    if constexpr (std::is_integral_v<T>) {
      if (delta == 0) return Invalid(kOp, "the step is 0");
      __int128 span = static_cast<__int128>(limit) - start, step = delta;
      __int128 n = (span + step + (step > 0 ? -1 : 1)) / step;
      if ((span > 0) != (step > 0) || span == 0) n = 0;
      count = n > INT64_MAX ? INT64_MAX : static_cast<int64_t>(n);
    } else {
      double n = std::ceil((static_cast<double>(limit) - static_cast<double>(start)) /
                           static_cast<double>(delta));
      if (std::isnan(n) || n > 281474976710656.0) {
        return Invalid(kOp, "from ", start, " to ", limit, " by ", delta);
      }
      count = n > 0 ? static_cast<int64_t>(n) : 0;
    }
    HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, {count}).status());
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, type, {count}));
    T* to = static_cast<T*>(y.data);
    for (int64_t i = 0; i < count; ++i) {
      using C = decltype(start);
      to[i] = ConvertNumber<T>(Add<C>(start, Multiply<C>(static_cast<C>(i), delta)));
    }
    return absl::OkStatus();
  });
}

}  // namespace heddle::library
