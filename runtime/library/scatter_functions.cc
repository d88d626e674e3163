// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that write elements to places other operands name, in the order of the updates.

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/base/optimization.h"
#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

enum class Reduction { kNone, kAdd, kMultiply, kMaximum, kMinimum };

absl::StatusOr<Reduction> ParseReduction(std::string_view op, const LibraryCall& call) {
  std::string_view name = call.Text("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMultiply;
  if (name == "max") return Reduction::kMaximum;
  if (name == "min") return Reduction::kMinimum;
  return Unimplemented(op, "reduction ", Absl(name));
}

// Calls `write(tag, combine)`, which says how it went: combine(to, from, count) reduces `count`
// elements in a row, of the tag's type, with as many updates.
template <typename Write>
absl::Status WithReduction(std::string_view op, Reduction reduction, ElementType type, int64_t size,
                           Write&& write) {
  if (reduction == Reduction::kNone) {
    absl::Status status;
    VisitElementSize(size, [&](auto tag) {
      using T = typename decltype(tag)::Type;
      status = write(tag, [](T* to, const T* from, int64_t n) { std::copy_n(from, n, to); });
    });
    return status;
  }
  return VisitNumberOrBool(op, type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    using C = ComputeType<T>;
    auto with = [&](auto operation) {
      return write(tag, [operation](T* to, const T* from, int64_t n) {
        for (int64_t i = 0; i < n; ++i) {
          to[i] = ConvertNumber<T>(operation(ToCompute(to[i]), ToCompute(from[i])));
        }
      });
    };
    switch (reduction) {
      case Reduction::kAdd:
        return with([](C a, C b) { return Add<C>(a, b); });
      case Reduction::kMultiply:
        return with([](C a, C b) { return Multiply<C>(a, b); });
      case Reduction::kMaximum:
        return with([](C a, C b) { return Maximum<C>(a, b); });
      default:
        return with([](C a, C b) { return Minimum<C>(a, b); });
    }
  });
}

// The result, filled with operand 0.
absl::StatusOr<RawResult> CopyOfFirst(LibraryCall& call, std::string_view op, const RawOperand& x) {
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, op, 0, x.type, x.dims));
  if (y.count() > 0) std::memcpy(y.data(), x.data, static_cast<size_t>(x.count() * x.size));
  return y;
}

}  // namespace

absl::Status ScatterElements(LibraryCall& call) {
  constexpr std::string_view kOp = "ScatterElements";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand updates, LoadRaw(call, kOp, 2));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", 0), x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(Reduction reduction, ParseReduction(kOp, call));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, x.rank()));
  DimSpan places = call.operand(1).dims;
  bool fits = places == DimSpan(updates.dims) && updates.size == x.size;
  for (int a = 0; a < x.rank(); ++a) fits = fits && (a == axis || places[a] <= x.dims[a]);
  if (!fits) {
    return Invalid(kOp, "indices ", ShapeText(places), " and updates ", ShapeText(updates.dims),
                   " into ", ShapeText(x.dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, CopyOfFirst(call, kOp, x));
  Dims strides = Strides(x.dims);
  int64_t step = strides[axis], size = x.dims[axis];
  strides[axis] = 0;
  HEDDLE_RETURN_IF_ERROR(WithReduction(
      kOp, reduction, call.operand(0).element_type, x.size, [&](auto tag, auto combine) {
        using T = typename decltype(tag)::Type;
        T* to = reinterpret_cast<T*>(y.data());
        const T* from = reinterpret_cast<const T*>(updates.data);
        const int64_t* index_of = indices.data();
        absl::Status status;
        ForEachIndex<1>(places, {strides}, [&](const std::array<int64_t, 1>& offset) {
          int64_t index = *index_of++;
          if (ABSL_PREDICT_FALSE(index < -size || index >= size)) {
            if (status.ok()) status = NormalizeIndex(kOp, index, size).status();
          } else {
            combine(to + offset[0] + (index < 0 ? index + size : index) * step, from, 1);
          }
          ++from;
        });
        return status;
      }));
  return y.Store();
}

absl::Status ScatterND(LibraryCall& call) {
  constexpr std::string_view kOp = "ScatterND";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand updates, LoadRaw(call, kOp, 2));
  HEDDLE_ASSIGN_OR_RETURN(Reduction reduction, ParseReduction(kOp, call));
  TensorView places = call.operand(1);
  if (places.rank() < 1 || places.dim(places.rank() - 1) > x.rank()) {
    return Invalid(kOp, "indices ", ShapeText(places.dims), " into ", ShapeText(x.dims));
  }
  int depth = static_cast<int>(places.dim(places.rank() - 1));
  Dims expected(places.dims.begin(), places.dims.end() - 1);
  expected.insert(expected.end(), x.dims.begin() + depth, x.dims.end());
  if (expected != updates.dims || updates.size != x.size) {
    return Invalid(kOp, "updates ", ShapeText(updates.dims), " where ", ShapeText(expected),
                   " are needed");
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, CopyOfFirst(call, kOp, x));
  Dims strides = Strides(x.dims);
  int64_t line = Product(x.dims, depth, x.rank());
  if (line == 0) return y.Store();
  int64_t count = Product(places.dims, 0, places.rank() - 1);
  HEDDLE_RETURN_IF_ERROR(WithReduction(
      kOp, reduction, call.operand(0).element_type, x.size, [&](auto tag, auto combine) {
        using T = typename decltype(tag)::Type;
        for (int64_t i = 0; i < count; ++i) {
          int64_t at = 0;
          for (int d = 0; d < depth; ++d) {
            HEDDLE_ASSIGN_OR_RETURN(int64_t index,
                                    NormalizeIndex(kOp, indices[i * depth + d], x.dims[d]));
            at += index * strides[d];
          }
          combine(reinterpret_cast<T*>(y.data()) + at,
                  reinterpret_cast<const T*>(updates.data) + i * line, line);
        }
        return absl::OkStatus();
      }));
  return y.Store();
}

absl::Status TensorScatter(LibraryCall& call) {
  constexpr std::string_view kOp = "TensorScatter";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand update, LoadRaw(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", -2), x.rank()));
  std::string_view mode = call.Text("mode", "linear");
  if (mode != "linear" && mode != "circular") return Unimplemented(kOp, "mode ", Absl(mode));
  Dims expected = x.dims;
  if (update.rank() == x.rank()) expected[axis] = update.dims[axis];
  if (axis == 0 || expected != update.dims || update.dims[axis] > x.dims[axis] ||
      update.size != x.size) {
    return Invalid(kOp, "an update of shape ", ShapeText(update.dims), " into ", ShapeText(x.dims),
                   " along axis ", axis);
  }
  Dims starts;  // none: all of them are 0
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(starts, IntList(call, kOp, 2));
    if (static_cast<int64_t>(starts.size()) != x.dims[0]) {
      return Invalid(kOp, starts.size(), " write indices for ", x.dims[0], " batches");
    }
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, CopyOfFirst(call, kOp, x));
  AxisView view = AroundAxis(x.dims, axis);
  int64_t line = view.inner * x.size, steps = update.dims[axis];
  if (y.count() == 0) return y.Store();
  int64_t per_batch = view.outer / x.dims[0];
  for (int64_t outer = 0; outer < view.outer; ++outer) {
    int64_t start = starts.empty() ? 0 : starts[outer / per_batch];
    if (start < 0 || (mode == "linear" && start > view.size - steps)) {
      return OutOfRange(kOp, "write index ", start, " for ", steps, " of ", view.size);
    }
    start %= view.size;
    for (int64_t s = 0; s < steps; ++s) {
      int64_t at = (start + s) % view.size;
      std::memcpy(y.data() + (outer * view.size + at) * line,
                  update.data + (outer * steps + s) * line, static_cast<size_t>(line));
    }
  }
  return y.Store();
}

}  // namespace heddle::library
