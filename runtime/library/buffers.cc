// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/buffers.h"

namespace heddle::library {
namespace {

// Element `i` of packed or plain storage.
template <typename T>
T GetElement(const void* data, int64_t i) {
  if constexpr (kIsPacked<T>) {
    uint8_t byte = static_cast<const uint8_t*>(data)[i / 2];
    uint8_t nibble = i % 2 == 0 ? byte & 15 : byte >> 4;
    if constexpr (std::is_same_v<T, Int4>) {
      return Int4{static_cast<int8_t>(static_cast<int8_t>(nibble << 4) >> 4)};
    } else if constexpr (std::is_same_v<T, Uint4>) {
      return Uint4{nibble};
    } else {
      return T::FromBits(nibble);
    }
  } else {
    return static_cast<const T*>(data)[i];
  }
}

template <typename T>
void SetElement(void* data, int64_t i, T value) {
  if constexpr (kIsPacked<T>) {
    uint8_t nibble;
    if constexpr (kIsPackedInteger<T>) {
      nibble = static_cast<uint8_t>(value.value) & 15;
    } else {
      nibble = value.bits & 15;
    }
    uint8_t& byte = static_cast<uint8_t*>(data)[i / 2];
    // The first of a byte clears the second, so that a last odd element leaves no stale bits.
    byte = i % 2 == 0 ? nibble : static_cast<uint8_t>((byte & 15) | (nibble << 4));
  } else {
    static_cast<T*>(data)[i] = value;
  }
}

}  // namespace

template <typename To>
bool ReadNumbers(ElementType type, const void* data, int64_t first, int64_t count, To* to) {
  return VisitAnyNumber("", type,
                        [&](auto tag) {
                          using T = typename decltype(tag)::Type;
                          for (int64_t i = 0; i < count; ++i) {
                            to[i] = ConvertNumber<To>(GetElement<T>(data, first + i));
                          }
                          return absl::OkStatus();
                        })
      .ok();
}

template <typename From>
bool WriteNumbers(ElementType type, const From* from, void* data, int64_t first, int64_t count) {
  return VisitAnyNumber("", type,
                        [&](auto tag) {
                          using T = typename decltype(tag)::Type;
                          for (int64_t i = 0; i < count; ++i) {
                            SetElement<T>(data, first + i, ConvertNumber<T>(from[i]));
                          }
                          return absl::OkStatus();
                        })
      .ok();
}

template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, float*);
template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, double*);
template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, int32_t*);
template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, int64_t*);
template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, uint64_t*);
template bool ReadNumbers(ElementType, const void*, int64_t, int64_t, bool*);
template bool WriteNumbers(ElementType, const float*, void*, int64_t, int64_t);
template bool WriteNumbers(ElementType, const double*, void*, int64_t, int64_t);
template bool WriteNumbers(ElementType, const int32_t*, void*, int64_t, int64_t);
template bool WriteNumbers(ElementType, const int64_t*, void*, int64_t, int64_t);
template bool WriteNumbers(ElementType, const uint64_t*, void*, int64_t, int64_t);
template bool WriteNumbers(ElementType, const bool*, void*, int64_t, int64_t);

absl::StatusOr<RawOperand> LoadRaw(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  if (view.element_type == ElementType::kUndefined) {
    return Invalid(op, "operand ", index, " is missing");
  }
  int bits = ElementBits(view.element_type);
  if (bits == 0) return NoSuchType(op, view.element_type);
  RawOperand raw;
  raw.dims = ToDims(view.dims);
  raw.type = view.element_type;
  raw.size = bits < 8 ? 1 : bits / 8;
  raw.data = static_cast<const uint8_t*>(view.data);
  if (bits == 4) {
    int64_t count = view.count();
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<uint8_t> copy, Scratch<uint8_t>(call, op, count));
    for (int64_t i = 0; i < count; ++i) copy[i] = (raw.data[i / 2] >> (i % 2 * 4)) & 15;
    raw.data = copy.data();
  }
  return raw;
}

absl::StatusOr<RawResult> RawResult::Make(LibraryCall& call, std::string_view op, int index,
                                          ElementType type, DimSpan dims) {
  RawResult result;
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, dims).status());
  HEDDLE_ASSIGN_OR_RETURN(result.view_, call.Result(index, type, dims));
  int bits = ElementBits(result.view_.element_type);
  if (bits == 0) return NoSuchType(op, result.view_.element_type);
  result.size_ = bits < 8 ? 1 : bits / 8;
  result.data_ = static_cast<uint8_t*>(result.view_.data);
  if (bits == 4) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<uint8_t> unpacked,
                            Scratch<uint8_t>(call, op, result.count()));
    result.data_ = unpacked.data();
  }
  return result;
}

absl::Status RawResult::Store() const {
  if (ElementBits(view_.element_type) != 4) return absl::OkStatus();
  uint8_t* packed = static_cast<uint8_t*>(view_.data);
  int64_t n = count();
  for (int64_t i = 0; i < n; i += 2) {
    packed[i / 2] = static_cast<uint8_t>(data_[i] | (i + 1 < n ? data_[i + 1] << 4 : 0));
  }
  return absl::OkStatus();
}

absl::StatusOr<Dims> IntList(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  if (view.element_type == ElementType::kUndefined) {
    return Invalid(op, "operand ", index, " is missing");
  }
  if (view.rank() > 1) {
    return Invalid(op, "operand ", index, " of shape ", ShapeText(view.dims), " is not a list");
  }
  if (view.count() > kLongestList) {
    return Invalid(op, "operand ", index, " has ", view.count(), " elements");
  }
  Dims list(view.count());
  switch (view.element_type) {
    case ElementType::kInt32:
    case ElementType::kInt64:
      ReadNumbers(view.element_type, view.data, 0, view.count(), list.data());
      return list;
    default:
      return NoSuchType(op, view.element_type);
  }
}

absl::StatusOr<int64_t> IntScalar(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  int64_t value = 0;
  if (view.element_type == ElementType::kUndefined || view.count() != 1 ||
      !ReadNumbers(view.element_type, view.data, 0, 1, &value)) {
    return Invalid(op, "operand ", index, " is not one number");
  }
  return value;
}

absl::StatusOr<double> FloatScalar(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  double value = 0;
  if (view.element_type == ElementType::kUndefined || view.count() != 1 ||
      !ReadNumbers(view.element_type, view.data, 0, 1, &value)) {
    return Invalid(op, "operand ", index, " is not one number");
  }
  return value;
}

absl::Status RequireRank(const LibraryCall& call, std::string_view op, int index, int rank) {
  TensorView view = call.operand(index);
  if (view.element_type == ElementType::kUndefined) {
    return Invalid(op, "operand ", index, " is missing");
  }
  if (view.rank() != rank) {
    return Invalid(op, "operand ", index, " of shape ", ShapeText(view.dims), " does not have ",
                   rank, " dimensions");
  }
  return absl::OkStatus();
}

}  // namespace heddle::library
