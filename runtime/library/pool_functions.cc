// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MaxPool, MaxUnpool, LpPool, GlobalLpPool, LRN.

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/library/arithmetic.h"
#include "runtime/library/functions.h"
#include "runtime/library/window.h"

namespace heddle::library {
namespace {

struct Pool {
  Window window;
  Dims result;
  int64_t images = 0;  // batch * channels
};

absl::StatusOr<Pool> ParsePool(LibraryCall& call, std::string_view op) {
  DimSpan in = call.operand(0).dims;
  if (in.size() < 3) return Invalid(op, "shape ", ShapeText(in), " has no spatial axis");
  Pool pool;
  HEDDLE_ASSIGN_OR_RETURN(pool.window, ParseWindow(call, op, in.subspan(2), {}));
  HEDDLE_RETURN_IF_ERROR(SizeOutput(call, op, pool.window));
  pool.result = {in[0], in[1]};
  pool.result.insert(pool.result.end(), pool.window.out.begin(), pool.window.out.end());
  pool.images = in[0] * in[1];
  return pool;
}

// Calls visit(offset in the image) for each input element under the window at `o`.
template <typename Visit>
void ForEachTap(const Window& w, DimSpan o, DimSpan strides, Visit&& visit) {
  Dims k(w.rank(), 0);
  do {
    int64_t offset = 0;
    bool inside = true;
    for (int a = 0; a < w.rank() && inside; ++a) {
      int64_t at = w.Position(a, o[a], k[a]);
      inside = at >= 0 && at < w.in[a];
      offset += at * strides[a];
    }
    if (inside) visit(offset);
  } while (NextIndex(w.kernel, absl::MakeSpan(k)));
}

template <typename T>
absl::Status MaxPoolOf(LibraryCall& call, const Pool& pool) {
  const Window& w = pool.window;
  const T* x = static_cast<const T*>(call.operand(0).data);
  T* y = nullptr;
  int64_t* places = nullptr;
  if (call.wants_result(0)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView view,
                            call.Result(0, call.operand(0).element_type, pool.result));
    y = static_cast<T*>(view.data);
  }
  if (call.wants_result(1)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView view,
                            call.Result(1, ElementType::kInt64, pool.result));
    places = static_cast<int64_t*>(view.data);
  }
  int64_t image = Product(w.in), positions = Product(w.out);
  bool column_major = call.Int("storage_order", 0) != 0;
  Dims strides = Strides(w.in), column_strides(w.rank());
  int64_t step = 1;
  for (int a = 0; a < w.rank(); ++a) {
    column_strides[a] = step;
    step *= w.in[a];
  }
  for (int64_t i = 0; i < pool.images; ++i) {
    Dims o(w.rank(), 0);
    for (int64_t p = 0; p < positions; ++p) {
      int64_t best = -1;
      ForEachTap(w, o, strides, [&](int64_t offset) {
        if (best < 0 ||
            Compare(ToCompute(x[i * image + offset]), ToCompute(x[i * image + best])) > 0) {
          best = offset;
        }
      });
      int64_t at = i * positions + p;
      if (y != nullptr) {
        y[at] = best >= 0
                    ? x[i * image + best]
                    : ConvertNumber<T>(std::is_integral_v<T>
                                           ? static_cast<double>(std::numeric_limits<T>::min())
                                           : -std::numeric_limits<double>::infinity());
      }
      if (places != nullptr) {
        int64_t place = std::max<int64_t>(best, 0);
        if (column_major) {
          int64_t rest = place;
          place = 0;
          for (int a = 0; a < w.rank(); ++a) {
            place += rest / strides[a] * column_strides[a];
            rest %= strides[a];
          }
        }
        places[at] = i * image + place;
      }
      NextIndex(w.out, absl::MakeSpan(o));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MaxPool(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(Pool pool, ParsePool(call, "MaxPool"));
  return VisitNumber("MaxPool", call.operand(0).element_type,
                     [&](auto tag) { return MaxPoolOf<typename decltype(tag)::Type>(call, pool); });
}

absl::Status MaxUnpool(LibraryCall& call) {
  constexpr std::string_view kOp = "MaxUnpool";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> places, Load<int64_t>(call, kOp, 1));
  if (x.rank() < 3 || static_cast<int64_t>(places.size()) != x.count()) {
    return Invalid(kOp, places.size(), " indices for shape ", ShapeText(x.dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(Window w, ParseWindow(call, kOp, DimSpan(x.dims).subspan(2), {}));
  Dims inferred = {x.dims[0], x.dims[1]};
  for (int a = 0; a < w.rank(); ++a) {
    inferred.push_back((w.in[a] - 1) * w.strides[a] - w.begin[a] - w.end[a] + w.kernel[a]);
  }
  HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(kOp, inferred));
  Dims dims = inferred;
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(dims, IntList(call, kOp, 2));
    if (dims.size() != inferred.size()) return Invalid(kOp, "output_shape ", ShapeText(dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  y.Zero();
  Dims from = Strides(inferred), to = Strides(dims);
  for (int64_t i = 0; i < x.count(); ++i) {
    int64_t rest = places[i], at = 0;
    if (rest < 0 || rest >= count) return OutOfRange(kOp, "index ", rest, " of ", count);
    for (size_t a = 0; a < dims.size(); ++a) {
      int64_t index = rest / from[a];
      if (index >= dims[a]) return OutOfRange(kOp, "index ", places[i], " of ", ShapeText(dims));
      at += index * to[a];
      rest %= from[a];
    }
    std::copy_n(x.data + i * x.size, x.size, y.data() + at * x.size);
  }
  return y.Store();
}

namespace {

template <typename C>
C Power(C x, int64_t p) {
  if (p == 2) return x * x;
  return p == 1 ? x : std::pow(x, static_cast<C>(p));
}
template <typename C>
C Root(C x, int64_t p) {
  if (p == 2) return std::sqrt(x);
  return p == 1 ? x : std::pow(x, 1 / static_cast<C>(p));
}

}  // namespace

absl::Status LpPool(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(Pool pool, ParsePool(call, "LpPool"));
  int64_t p = call.Int("p", 2);
  if (p < 1) return Invalid("LpPool", "p = ", p);
  const Window& w = pool.window;
  return VisitCompute("LpPool", call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, "LpPool", 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, "LpPool", 0, pool.result));
    int64_t image = Product(w.in), positions = Product(w.out);
    Dims strides = Strides(w.in);
    for (int64_t i = 0; i < pool.images; ++i) {
      Dims o(w.rank(), 0);
      for (int64_t position = 0; position < positions; ++position) {
        C sum = 0;
        ForEachTap(w, o, strides,
                   [&](int64_t offset) { sum += Power(std::fabs(x[i * image + offset]), p); });
        y[i * positions + position] = Root(sum, p);
        NextIndex(w.out, absl::MakeSpan(o));
      }
    }
    return y.Store("LpPool");
  });
}

absl::Status GlobalLpPool(LibraryCall& call) {
  constexpr std::string_view kOp = "GlobalLpPool";
  TensorView view = call.operand(0);
  int64_t p = call.Int("p", 2);
  if (view.rank() < 2 || p < 1) return Invalid(kOp, "p = ", p, ", shape ", ShapeText(view.dims));
  Dims dims(view.rank(), 1);
  std::copy_n(view.dims.begin(), 2, dims.begin());
  return VisitCompute(kOp, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
    int64_t image = Product(view.dims, 2, view.rank());
    for (int64_t i = 0; i < dims[0] * dims[1]; ++i) {
      C sum = 0;
      for (int64_t j = 0; j < image; ++j) sum += Power(std::fabs(x[i * image + j]), p);
      y[i] = Root(sum, p);
    }
    return y.Store(kOp);
  });
}

absl::Status LRN(LibraryCall& call) {
  TensorView view = call.operand(0);
  int64_t size = call.Int("size", 0);
  if (size < 1 || view.rank() < 2)
    return Invalid("LRN", "size ", size, " for ", ShapeText(view.dims));
  return VisitCompute("LRN", view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    C alpha = static_cast<C>(call.Float("alpha", 1e-4) / static_cast<double>(size));
    C beta = static_cast<C>(call.Float("beta", 0.75)), bias = static_cast<C>(call.Float("bias", 1));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, "LRN", 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, "LRN", 0, view.dims));
    AxisView channels = AroundAxis(view.dims, 1);
    for (int64_t n = 0; n < channels.outer; ++n) {
      for (int64_t c = 0; c < channels.size; ++c) {
        int64_t first = std::max<int64_t>(0, c - (size - 1) / 2);
        int64_t last = c + std::min<int64_t>(channels.size - 1 - c, size / 2);
        for (int64_t i = 0; i < channels.inner; ++i) {
          C sum = 0;
          for (int64_t other = first; other <= last; ++other) {
            C v = x[(n * channels.size + other) * channels.inner + i];
            sum += v * v;
          }
          int64_t at = (n * channels.size + c) * channels.inner + i;
          y[at] = x[at] / std::pow(bias + alpha * sum, beta);
        }
      }
    }
    return y.Store("LRN");
  });
}

}  // namespace heddle::library
