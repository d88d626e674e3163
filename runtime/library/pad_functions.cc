// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pad in all modes: a table per axis says which source position each position of the result
// copies, -1 for the constant.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// The source of `position` (counted from the first source element) on an axis of `size`.
int64_t Source(std::string_view mode, int64_t position, int64_t size) {
  if (position >= 0 && position < size) return position;
  if (mode == "constant" || size == 0) return -1;
  if (mode == "edge") return position < 0 ? 0 : size - 1;
  if (mode == "wrap") return FloorMod(position, size);
  if (size == 1) return 0;  // reflect
  int64_t period = 2 * (size - 1);
  int64_t r = FloorMod(position, period);
  return r < size ? r : period - r;
}

}  // namespace

absl::Status Pad(LibraryCall& call) {
  constexpr std::string_view kOp = "Pad";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Dims pads, IntList(call, kOp, 1));
  std::string_view mode = call.Text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "wrap" && mode != "reflect") {
    return Unimplemented(kOp, "mode ", Absl(mode));
  }
  const uint8_t zeros[16] = {};
  const uint8_t* fill = zeros;
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(RawOperand value, LoadRaw(call, kOp, 2));
    if (value.count() != 1 || value.size != x.size) {
      return Invalid(kOp, "the constant of shape ", ShapeText(value.dims), " is not one element");
    }
    fill = value.data;
  }
  Dims axes;
  if (call.has_operand(3)) {
    HEDDLE_ASSIGN_OR_RETURN(axes, IntList(call, kOp, 3));
    HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes(kOp, axes, x.rank()));
  } else {
    for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  }
  if (pads.size() != 2 * axes.size()) {
    return Invalid(kOp, pads.size(), " pads for ", axes.size(), " axes");
  }
  Dims dims = x.dims, before(x.rank(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t a = axes[i];
    before[a] = pads[i];
    constexpr int64_t kMost = int64_t{1} << 48;
    if (std::abs(std::clamp(pads[i], -kMost, kMost)) == kMost ||
        __builtin_add_overflow(dims[a], pads[i], &dims[a]) ||
        __builtin_add_overflow(dims[a], pads[i + axes.size()], &dims[a]) || dims[a] < 0) {
      return Invalid(kOp, "pads ", pads[i], " and ", pads[i + axes.size()], " around ", x.dims[a]);
    }
    if (mode != "constant" && x.dims[a] == 0 && dims[a] > 0) {
      return Invalid(kOp, "axis ", a, " has no element to pad with");
    }
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  if (x.rank() == 0) {
    std::memcpy(y.data(), x.data, static_cast<size_t>(x.size));
    return y.Store();
  }
  if (y.count() == 0) return y.Store();
  // One table per axis, of source offsets.
  Dims strides = Strides(x.dims);
  std::vector<absl::Span<int64_t>> tables;
  for (int a = 0; a < x.rank(); ++a) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<int64_t> table, Scratch<int64_t>(call, kOp, dims[a]));
    for (int64_t i = 0; i < dims[a]; ++i) {
      int64_t source = Source(mode, i - before[a], x.dims[a]);
      table[i] = source < 0 ? -1 : source * strides[a];
    }
    tables.push_back(table);
  }
  int last = x.rank() - 1;
  Dims outer(dims.begin(), dims.end() - 1), index(outer.size(), 0);
  VisitElementSize(x.size, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T value;
    std::memcpy(&value, fill, sizeof(T));
    const T* from = reinterpret_cast<const T*>(x.data);
    T* to = reinterpret_cast<T*>(y.data());
    do {
      int64_t base = 0;
      for (int a = 0; a < last && base >= 0; ++a) {
        int64_t offset = tables[a][index[a]];
        base = offset < 0 ? -1 : base + offset;
      }
      for (int64_t offset : tables[last])
        *to++ = base < 0 || offset < 0 ? value : from[base + offset];
    } while (NextIndex(outer, absl::MakeSpan(index)));
  });
  return y.Store();
}

}  // namespace heddle::library
