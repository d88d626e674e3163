// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that place elements elsewhere by a rule that shapes and axes give.

#include <algorithm>
#include <cstring>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/strided_copy.h"

namespace heddle::library {
namespace {

// Operand 0 seen as `split` dimensions, written with its axes in the order `perm`, as `dims`.
absl::Status Permute(LibraryCall& call, std::string_view op, const RawOperand& x, DimSpan split,
                     DimSpan perm, DimSpan dims) {
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, op, 0, x.type, dims));
  Dims strides = Strides(split), to(perm.size()), from(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    to[i] = split[perm[i]];
    from[i] = strides[perm[i]];
  }
  StridedCopy(to, x.data, from, y.data(), Strides(to), x.size);
  return y.Store();
}

}  // namespace

absl::Status Transpose(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, "Transpose", 0));
  Dims perm = ToDims(call.Ints("perm"));
  if (perm.empty()) {
    for (int i = x.rank() - 1; i >= 0; --i) perm.push_back(i);
  }
  if (static_cast<int>(perm.size()) != x.rank()) {
    return Invalid("Transpose", "perm ", ShapeText(perm), " for shape ", ShapeText(x.dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(perm, NormalizeAxes("Transpose", perm, x.rank()));
  Dims dims(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) dims[i] = x.dims[perm[i]];
  return Permute(call, "Transpose", x, x.dims, perm, dims);
}

absl::Status DepthToSpace(LibraryCall& call) {
  constexpr std::string_view kOp = "DepthToSpace";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 4));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  int64_t b = call.Int("blocksize", 0);
  int64_t n = x.dims[0], c = x.dims[1], h = x.dims[2], w = x.dims[3];
  if (b <= 0 || b > (1 << 20) || c % (b * b) != 0) {
    return Invalid(kOp, "blocksize ", b, " for ", c, " channels");
  }
  bool column = call.Text("mode", "DCR") == "CRD";
  HEDDLE_ASSIGN_OR_RETURN(int64_t height, CheckedProduct(kOp, {h, b}));
  HEDDLE_ASSIGN_OR_RETURN(int64_t width, CheckedProduct(kOp, {w, b}));
  Dims dims = {n, c / (b * b), height, width};
  return column ? Permute(call, kOp, x, {n, c / (b * b), b, b, h, w}, {0, 1, 4, 2, 5, 3}, dims)
                : Permute(call, kOp, x, {n, b, b, c / (b * b), h, w}, {0, 3, 4, 1, 5, 2}, dims);
}

absl::Status SpaceToDepth(LibraryCall& call) {
  constexpr std::string_view kOp = "SpaceToDepth";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 4));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  int64_t b = call.Int("blocksize", 0);
  int64_t n = x.dims[0], c = x.dims[1], h = x.dims[2], w = x.dims[3];
  if (b <= 0 || b > (1 << 20) || h % b != 0 || w % b != 0) {
    return Invalid(kOp, "blocksize ", b, " for shape ", ShapeText(x.dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(int64_t depth, CheckedProduct(kOp, {c, b, b}));
  return Permute(call, kOp, x, {n, c, h / b, b, w / b, b}, {0, 3, 5, 1, 2, 4},
                 {n, depth, h / b, w / b});
}

absl::Status Slice(LibraryCall& call) {
  constexpr std::string_view kOp = "Slice";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Dims starts, IntList(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(Dims ends, IntList(call, kOp, 2));
  Dims axes, steps(starts.size(), 1);
  if (call.has_operand(3)) {
    HEDDLE_ASSIGN_OR_RETURN(axes, IntList(call, kOp, 3));
  } else {
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  }
  if (call.has_operand(4)) {
    HEDDLE_ASSIGN_OR_RETURN(steps, IntList(call, kOp, 4));
  }
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return Invalid(kOp, starts.size(), " starts, ", ends.size(), " ends, ", axes.size(),
                   " axes and ", steps.size(), " steps");
  }
  HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes(kOp, axes, x.rank()));
  Dims dims = x.dims, strides = Strides(x.dims);
  int64_t offset = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t size = x.dims[axes[i]], step = steps[i];
    if (step == 0) return Invalid(kOp, "the step of axis ", axes[i], " is 0");
    // Positions beyond either end mean that end; going down, only an end can be before the first.
    int64_t before = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    int64_t start =
        std::clamp(starts[i] < 0 ? starts[i] + size : starts[i], std::min<int64_t>(0, high), high);
    int64_t end = std::clamp(ends[i] < 0 ? ends[i] + size : ends[i], before, high);
    step = std::clamp<int64_t>(step, -size - 1, size + 1);
    int64_t count = std::max<int64_t>(0, CeilDiv(end - start, step));
    dims[axes[i]] = count;
    if (count > 0) offset += start * strides[axes[i]];
    strides[axes[i]] *= step;
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  StridedCopy(dims, x.data + offset * x.size, strides, y.data(), Strides(dims), x.size);
  return y.Store();
}

absl::Status Tile(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, "Tile", 0));
  HEDDLE_ASSIGN_OR_RETURN(Dims repeats, IntList(call, "Tile", 1));
  if (static_cast<int>(repeats.size()) != x.rank()) {
    return Invalid("Tile", repeats.size(), " repeats for shape ", ShapeText(x.dims));
  }
  Dims dims(x.rank()), loop, from, strides = Strides(x.dims);
  for (int i = 0; i < x.rank(); ++i) {
    if (repeats[i] < 0 || __builtin_mul_overflow(repeats[i], x.dims[i], &dims[i])) {
      return Invalid("Tile", repeats[i], " repeats of ", x.dims[i]);
    }
    loop.insert(loop.end(), {repeats[i], x.dims[i]});
    from.insert(from.end(), {0, strides[i]});
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, "Tile", 0, x.type, dims));
  StridedCopy(loop, x.data, from, y.data(), Strides(loop), x.size);
  return y.Store();
}

absl::Status Concat(LibraryCall& call) {
  constexpr std::string_view kOp = "Concat";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand first, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", 0), first.rank()));
  Dims dims = first.dims;
  for (int i = 1; i < call.operand_count(); ++i) {
    TensorView x = call.operand(i);
    bool fits = x.rank() == first.rank() && x.element_type == call.operand(0).element_type;
    for (int d = 0; fits && d < x.rank(); ++d) fits = d == axis || x.dim(d) == dims[d];
    if (!fits || __builtin_add_overflow(dims[axis], x.dim(axis), &dims[axis])) {
      return Invalid(kOp, "operand ", i, " of shape ", ShapeText(x.dims), " beside ",
                     ShapeText(first.dims), " along axis ", axis);
    }
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, first.type, dims));
  AxisView whole = AroundAxis(dims, axis);
  int64_t at = 0;
  for (int i = 0; i < call.operand_count(); ++i) {
    HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, i));
    int64_t line = x.dims[axis] * whole.inner;
    StridedCopy({whole.outer, line}, x.data, {line, 1}, y.data() + at * x.size,
                {whole.size * whole.inner, 1}, x.size);
    at += line;
  }
  return y.Store();
}

absl::Status Split(LibraryCall& call) {
  constexpr std::string_view kOp = "Split";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", 0), x.rank()));
  AxisView whole = AroundAxis(x.dims, axis);
  Dims sizes;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(sizes, IntList(call, kOp, 1));
  } else {
    int64_t parts = call.result_count();
    if (parts == 0) return Invalid(kOp, "no results");
    int64_t each = CeilDiv(whole.size, parts), left = whole.size;
    for (int64_t i = 0; i < parts; ++i) {
      sizes.push_back(std::min(each, left));
      left -= sizes.back();
    }
  }
  int64_t left = whole.size;
  for (int64_t size : sizes) {
    if (size < 0 || size > left) {
      return Invalid(kOp, "sizes ", ShapeText(sizes), " of an axis of ", whole.size);
    }
    left -= size;
  }
  if (left != 0 || static_cast<int>(sizes.size()) != call.result_count()) {
    return Invalid(kOp, "sizes ", ShapeText(sizes), " of an axis of ", whole.size, " for ",
                   call.result_count(), " results");
  }
  int64_t at = 0;
  for (int i = 0; i < static_cast<int>(sizes.size()); ++i) {
    int64_t line = sizes[i] * whole.inner;
    if (call.wants_result(i)) {
      Dims dims = x.dims;
      dims[axis] = sizes[i];
      HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, i, x.type, dims));
      StridedCopy({whole.outer, line}, x.data + at * x.size, {whole.size * whole.inner, 1},
                  y.data(), {line, 1}, x.size);
      HEDDLE_RETURN_IF_ERROR(y.Store());
    }
    at += line;
  }
  return absl::OkStatus();
}

absl::Status CenterCropPad(LibraryCall& call) {
  constexpr std::string_view kOp = "CenterCropPad";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Dims shape, IntList(call, kOp, 1));
  Dims axes = ToDims(call.Ints("axes"));
  if (axes.empty()) {
    for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  }
  HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes(kOp, axes, x.rank()));
  if (axes.size() != shape.size()) {
    return Invalid(kOp, shape.size(), " sizes for ", axes.size(), " axes");
  }
  Dims dims = x.dims, copied = x.dims, from(x.rank(), 0), to(x.rank(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t a = axes[i], had = x.dims[a], wanted = shape[i];
    if (wanted < 0) return Invalid(kOp, "size ", wanted);
    dims[a] = wanted;
    copied[a] = std::min(had, wanted);
    (wanted < had ? from : to)[a] = std::abs(wanted - had) / 2;
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  y.Zero();
  Dims x_strides = Strides(x.dims), y_strides = Strides(dims);
  int64_t x_at = 0, y_at = 0;
  if (x.count() == 0 || y.count() == 0) return y.Store();
  for (int i = 0; i < x.rank(); ++i) {
    x_at += from[i] * x_strides[i];
    y_at += to[i] * y_strides[i];
  }
  StridedCopy(copied, x.data + x_at * x.size, x_strides, y.data() + y_at * x.size, y_strides,
              x.size);
  return y.Store();
}

absl::Status ReverseSequence(LibraryCall& call) {
  constexpr std::string_view kOp = "ReverseSequence";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int batch, NormalizeAxis(kOp, call.Int("batch_axis", 1), x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(int time, NormalizeAxis(kOp, call.Int("time_axis", 0), x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(Dims lengths, IntList(call, kOp, 1));
  if (batch == time || static_cast<int64_t>(lengths.size()) != x.dims[batch]) {
    return Invalid(kOp, lengths.size(), " lengths for shape ", ShapeText(x.dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, x.dims));
  Dims strides = Strides(x.dims), back = strides, dims = x.dims;
  back[time] = -back[time];
  dims[batch] = 1;
  for (int64_t b = 0; b < x.dims[batch]; ++b) {
    int64_t length = lengths[b], base = b * strides[batch];
    if (length < 0 || length > x.dims[time]) {
      return OutOfRange(kOp, "length ", length, " of a sequence of ", x.dims[time]);
    }
    dims[time] = length;
    if (length > 0) {
      StridedCopy(dims, x.data + (base + (length - 1) * strides[time]) * x.size, back,
                  y.data() + base * x.size, strides, x.size);
    }
    dims[time] = x.dims[time] - length;
    base += length * strides[time];
    StridedCopy(dims, x.data + base * x.size, strides, y.data() + base * x.size, strides, x.size);
  }
  return y.Store();
}

}  // namespace heddle::library
