// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over axes that only running tells; reductions over known axes are compiled.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// The operand's index space, split into what stays and what is combined.
struct Space {
  Dims result, kept, kept_strides, reduced, reduced_strides;
};

absl::StatusOr<Space> MakeSpace(LibraryCall& call, std::string_view op) {
  TensorView x = call.operand(0);
  Dims given;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(given, IntList(call, op, 1));
  }
  bool all = given.empty() && call.Int("noop_with_empty_axes", 0) == 0;
  bool keep_dims = call.Int("keepdims", 1) != 0;
  HEDDLE_ASSIGN_OR_RETURN(Dims axes, NormalizeAxes(op, given, x.rank()));
  Dims strides = Strides(x.dims);
  Space space;
  for (int d = 0; d < x.rank(); ++d) {
    if (all || std::find(axes.begin(), axes.end(), d) != axes.end()) {
      space.reduced.push_back(x.dim(d));
      space.reduced_strides.push_back(strides[d]);
      if (keep_dims) space.result.push_back(1);
    } else {
      space.kept.push_back(x.dim(d));
      space.kept_strides.push_back(strides[d]);
      space.result.push_back(x.dim(d));
    }
  }
  return space;
}

// What sums of T are held in. Integers wrap in the end as they would on the way.
template <typename T>
using Wide = std::conditional_t<!std::is_integral_v<T>, double,
                                std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;

template <typename W>
W Absolute(W x) {
  if constexpr (std::is_floating_point_v<W>) return std::fabs(x);
  if constexpr (std::is_unsigned_v<W>) return x;
  // The negative of the least integer wraps to itself.
  return x < 0 ? static_cast<W>(-static_cast<uint64_t>(x)) : x;
}

// Reducers: Take() each element, then Finish() gives the outcome. A new one stands for the empty
// set.

template <typename T>
struct Sum {
  Wide<T> sum = 0;
  void Take(T x) { sum = Add(sum, static_cast<Wide<T>>(ToCompute(x))); }
  Wide<T> Finish(int64_t) const { return sum; }
};

template <typename T>
struct Mean : Sum<T> {
  Wide<T> Finish(int64_t count) const {
    if constexpr (std::is_integral_v<T>) {
      return count == 0 ? 0 : this->sum / static_cast<Wide<T>>(count);
    } else {
      return this->sum / static_cast<double>(count);
    }
  }
};

template <typename T>
struct LogSum : Sum<T> {
  double Finish(int64_t) const { return std::log(static_cast<double>(this->sum)); }
};

template <typename T>
struct AbsoluteSum {
  Wide<T> sum = 0;
  void Take(T x) { sum = Add(sum, Absolute(static_cast<Wide<T>>(ToCompute(x)))); }
  Wide<T> Finish(int64_t) const { return sum; }
};

template <typename T>
struct SquareSum {
  Wide<T> sum = 0;
  void Take(T x) {
    auto wide = static_cast<Wide<T>>(ToCompute(x));
    sum = Add(sum, Multiply(wide, wide));
  }
  Wide<T> Finish(int64_t) const { return sum; }
};

template <typename T>
struct Length : SquareSum<T> {
  double Finish(int64_t) const { return std::sqrt(static_cast<double>(this->sum)); }
};

template <typename T>
struct ProductOf {
  Wide<T> product = 1;
  void Take(T x) { product = Multiply(product, static_cast<Wide<T>>(ToCompute(x))); }
  Wide<T> Finish(int64_t) const { return product; }
};

template <typename T>
struct Greatest {
  using C = ComputeType<T>;
  C value = std::numeric_limits<C>::has_infinity ? static_cast<C>(-INFINITY)
                                                 : std::numeric_limits<C>::lowest();
  void Take(T x) { value = Maximum(value, ToCompute(x)); }
  C Finish(int64_t) const { return value; }
};

template <typename T>
struct Least {
  using C = ComputeType<T>;
  C value = std::numeric_limits<C>::has_infinity ? static_cast<C>(INFINITY)
                                                 : std::numeric_limits<C>::max();
  void Take(T x) { value = Minimum(value, ToCompute(x)); }
  C Finish(int64_t) const { return value; }
};

// The sum is kept in units of exp(top): no element's power overflows.
template <typename T>
struct LogSumOfPowers {
  double top = -INFINITY, sum = 0;
  void Take(T x) {
    auto value = static_cast<double>(ToCompute(x));
    if (value > top) {
      sum = top == -INFINITY ? sum : sum * std::exp(top - value);
      top = value;
    }
    // An infinite top would make NaN of its difference to itself.
    if (value == top) {
      sum += std::isinf(top) && top < 0 ? 0 : 1;
    } else {
      sum += std::exp(value - top);
    }
  }
  double Finish(int64_t) const { return std::log(sum) + (sum == 0 ? 0 : top); }
};

template <template <typename> typename Reducer>
absl::Status Reduce(LibraryCall& call, std::string_view op) {
  constexpr bool kTakesBool = std::is_same_v<Reducer<float>, Greatest<float>> ||
                              std::is_same_v<Reducer<float>, Least<float>>;
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(Space space, MakeSpace(call, op));
  auto run = [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, x.element_type, space.result));
    const T* from = static_cast<const T*>(x.data);
    T* to = static_cast<T*>(y.data);
    int64_t count = Product(space.reduced);
    ForEachIndex<1>(space.kept, {space.kept_strides}, [&](const std::array<int64_t, 1>& first) {
      Reducer<T> reducer;
      ForEachIndex<1>(
          space.reduced, {space.reduced_strides},
          [&](const std::array<int64_t, 1>& offset) { reducer.Take(from[first[0] + offset[0]]); });
      *to++ = ConvertNumber<T>(reducer.Finish(count));
    });
    return absl::OkStatus();
  };
  if constexpr (kTakesBool) {
    return VisitNumberOrBool(op, x.element_type, run);
  } else {
    return VisitNumber(op, x.element_type, run);
  }
}

}  // namespace

absl::Status ReduceL1(LibraryCall& call) { return Reduce<AbsoluteSum>(call, "ReduceL1"); }
absl::Status ReduceL2(LibraryCall& call) { return Reduce<Length>(call, "ReduceL2"); }
absl::Status ReduceLogSum(LibraryCall& call) { return Reduce<LogSum>(call, "ReduceLogSum"); }
absl::Status ReduceLogSumExp(LibraryCall& call) {
  return Reduce<LogSumOfPowers>(call, "ReduceLogSumExp");
}
absl::Status ReduceMax(LibraryCall& call) { return Reduce<Greatest>(call, "ReduceMax"); }
absl::Status ReduceMean(LibraryCall& call) { return Reduce<Mean>(call, "ReduceMean"); }
absl::Status ReduceMin(LibraryCall& call) { return Reduce<Least>(call, "ReduceMin"); }
absl::Status ReduceProd(LibraryCall& call) { return Reduce<ProductOf>(call, "ReduceProd"); }
absl::Status ReduceSum(LibraryCall& call) { return Reduce<Sum>(call, "ReduceSum"); }
absl::Status ReduceSumSquare(LibraryCall& call) {
  return Reduce<SquareSum>(call, "ReduceSumSquare");
}

}  // namespace heddle::library
