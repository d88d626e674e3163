// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that change or report a shape and move no element, or broadcast one.

#include <algorithm>
#include <cstring>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/strided_copy.h"

namespace heddle::library {
namespace {

// The elements of operand 0 as others of `type`, under other dimensions.
absl::Status CopyAs(LibraryCall& call, std::string_view op, ElementType type, DimSpan dims) {
  TensorView x = call.operand(0);
  if (ElementBits(x.element_type) == 0) return NoSuchType(op, x.element_type);
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, type, dims));
  int64_t bytes = ElementBytes(x.element_type, x.count());
  if (ElementBytes(y.element_type, y.count()) != bytes) {
    return Invalid(op, "cannot read shape ", ShapeText(x.dims), " as ", ShapeText(dims));
  }
  if (bytes != 0) std::memcpy(y.data, x.data, static_cast<size_t>(bytes));
  return absl::OkStatus();
}

}  // namespace

absl::Status Reshape(LibraryCall& call) {
  constexpr std::string_view kOp = "Reshape";
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(Dims shape, IntList(call, kOp, 1));
  bool allow_zero = call.Int("allowzero", 0) != 0;
  int open = -1;
  for (int i = 0; i < static_cast<int>(shape.size()); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= x.rank()) return Invalid(kOp, "dimension ", i, " copies one that is not there");
      shape[i] = x.dim(i);
    } else if (shape[i] == -1) {
      if (open >= 0) return Invalid(kOp, "more than one -1 in ", ShapeText(shape));
      open = i;
    }
  }
  if (open >= 0) shape[open] = 1;
  HEDDLE_ASSIGN_OR_RETURN(int64_t known, CheckedProduct(kOp, shape));
  if (open >= 0) {
    if (known == 0 ? x.count() != 0 || allow_zero : x.count() % known != 0) {
      return Invalid(kOp, "cannot divide the ", x.count(), " elements of ", ShapeText(x.dims),
                     " by ", known);
    }
    shape[open] = known == 0 ? 0 : x.count() / known;
  } else if (known != x.count()) {
    return Invalid(kOp, "cannot read shape ", ShapeText(x.dims), " as ", ShapeText(shape));
  }
  return CopyAs(call, kOp, x.element_type, shape);
}

absl::Status Flatten(LibraryCall& call) {
  TensorView x = call.operand(0);
  int64_t axis = call.Int("axis", 1);
  if (axis < -x.rank() || axis > x.rank()) return OutOfRange("Flatten", "axis ", axis);
  if (axis < 0) axis += x.rank();
  return CopyAs(call, "Flatten", x.element_type,
                {Product(x.dims, 0, static_cast<int>(axis)),
                 Product(x.dims, static_cast<int>(axis), x.rank())});
}

absl::Status Identity(LibraryCall& call) {
  TensorView x = call.operand(0);
  return CopyAs(call, "Identity", x.element_type, x.dims);
}

absl::Status Squeeze(LibraryCall& call) {
  TensorView x = call.operand(0);
  Dims axes;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(axes, IntList(call, "Squeeze", 1));
    HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes("Squeeze", axes, x.rank()));
  } else {
    for (int i = 0; i < x.rank(); ++i) {
      if (x.dim(i) == 1) axes.push_back(i);
    }
  }
  Dims dims;
  for (int i = 0; i < x.rank(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) {
      dims.push_back(x.dim(i));
    } else if (x.dim(i) != 1) {
      return Invalid("Squeeze", "axis ", i, " of ", ShapeText(x.dims), " is not 1");
    }
  }
  return CopyAs(call, "Squeeze", x.element_type, dims);
}

absl::Status Unsqueeze(LibraryCall& call) {
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(Dims axes, IntList(call, "Unsqueeze", 1));
  int64_t rank = x.rank() + static_cast<int64_t>(axes.size());
  HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes("Unsqueeze", axes, rank));
  Dims dims(rank, 0);
  for (int64_t axis : axes) dims[axis] = -1;
  int next = 0;
  for (int64_t& d : dims) d = d == -1 ? 1 : x.dim(next++);
  return CopyAs(call, "Unsqueeze", x.element_type, dims);
}

absl::Status Expand(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(Dims shape, IntList(call, "Expand", 1));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, "Expand", 0));
  HEDDLE_ASSIGN_OR_RETURN(Dims dims, BroadcastDims("Expand", x.dims, shape));
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, "Expand", 0, x.type, dims));
  StridedCopy(dims, x.data, BroadcastStrides(x.dims, dims), y.data(), Strides(dims), x.size);
  return y.Store();
}

absl::Status Shape(LibraryCall& call) {
  TensorView x = call.operand(0);
  int64_t rank = x.rank();
  auto clamp = [rank](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  int64_t start = clamp(call.Int("start", 0));
  int64_t end = std::max(start, clamp(call.Int("end", rank)));
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, ElementType::kInt64, {end - start}));
  std::copy(x.dims.begin() + start, x.dims.begin() + end, y.elements<int64_t>().begin());
  return absl::OkStatus();
}

absl::Status Size(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, ElementType::kInt64, {}));
  y.elements<int64_t>()[0] = call.operand(0).count();
  return absl::OkStatus();
}

absl::Status BitCast(LibraryCall& call) {
  TensorView x = call.operand(0);
  if (ElementBits(x.element_type) != ElementBits(call.result_type(0))) {
    return Invalid("BitCast", "from ", Absl(ElementTypeName(x.element_type)), " to ",
                   Absl(ElementTypeName(call.result_type(0))), ", which has another width");
  }
  return CopyAs(call, "BitCast", call.result_type(0), x.dims);
}

absl::Status ConstantOfShape(LibraryCall& call) {
  constexpr std::string_view kOp = "ConstantOfShape";
  HEDDLE_ASSIGN_OR_RETURN(Dims dims, IntList(call, kOp, 0));
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, dims).status());
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), dims));
  int bits = ElementBits(y.element_type);
  if (bits == 0) return NoSuchType(kOp, y.element_type);
  uint8_t one[16] = {};
  bool known = true;
  if (absl::Span<const int64_t> ints = call.Ints("value"); !ints.empty()) {
    known = WriteNumbers(y.element_type, ints.data(), one, 0, 1);
  } else if (absl::Span<const double> floats = call.Floats("value"); !floats.empty()) {
    known = WriteNumbers(y.element_type, floats.data(), one, 0, 1);
  }
  if (!known) return NoSuchType(kOp, y.element_type);
  if (bits == 4) one[0] = static_cast<uint8_t>(one[0] | (one[0] << 4));
  int64_t units = ElementBytes(y.element_type, y.count()) / std::max(1, bits / 8);
  VisitElementSize(std::max(1, bits / 8), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T value;
    std::memcpy(&value, one, sizeof(T));
    std::fill_n(static_cast<T*>(y.data), units, value);
  });
  // The unused half of a last byte is zero.
  if (bits == 4 && y.count() % 2 != 0) static_cast<uint8_t*>(y.data)[units - 1] &= 15;
  return absl::OkStatus();
}

absl::Status EyeLike(LibraryCall& call) {
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, "EyeLike", 0, 2));
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), x.dims));
  int64_t rows = x.dim(0), columns = x.dim(1), k = call.Int("k", 0);
  if (y.count() == 0) return absl::OkStatus();
  std::memset(y.data, 0, static_cast<size_t>(ElementBytes(y.element_type, y.count())));
  int64_t one = 1;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t column;
    if (__builtin_add_overflow(row, k, &column) || column < 0 || column >= columns) continue;
    if (!WriteNumbers(y.element_type, &one, y.data, row * columns + column, 1)) {
      return NoSuchType("EyeLike", y.element_type);
    }
  }
  return absl::OkStatus();
}

absl::Status Trilu(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, "Trilu", 0));
  if (x.rank() < 2) return Invalid("Trilu", "shape ", ShapeText(x.dims), " is not a matrix");
  int64_t k = 0;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(k, IntScalar(call, "Trilu", 1));
  }
  bool upper = call.Int("upper", 1) != 0;
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, "Trilu", 0, x.type, x.dims));
  int64_t rows = x.dims[x.rank() - 2], columns = x.dims[x.rank() - 1];
  k = std::clamp<int64_t>(k, -rows - columns - 1, rows + columns + 1);
  y.Zero();
  int64_t matrices = Product(x.dims, 0, x.rank() - 2);
  for (int64_t line = 0; line < matrices * rows; ++line) {
    int64_t row = line % rows;
    int64_t first = upper ? std::clamp<int64_t>(row + k, 0, columns) : 0;
    int64_t last = upper ? columns : std::clamp<int64_t>(row + k + 1, 0, columns);
    if (first >= last) continue;
    int64_t offset = (line * columns + first) * x.size;
    std::memcpy(y.data() + offset, x.data + offset, static_cast<size_t>((last - first) * x.size));
  }
  return y.Store();
}

}  // namespace heddle::library
