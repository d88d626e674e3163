// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What functions read and write, in the form they want it: operands as numbers of one type,
// operands as whole bytes per element (4-bit types unpacked), lists of integers, working space.

#ifndef HEDDLE_RUNTIME_LIBRARY_BUFFERS_H_
#define HEDDLE_RUNTIME_LIBRARY_BUFFERS_H_

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/library/element_dispatch.h"
#include "runtime/library/library_call.h"
#include "runtime/library/shapes.h"

namespace heddle::library {

// Uninitialised working space for `count` elements.
template <typename T>
absl::StatusOr<absl::Span<T>> Scratch(LibraryCall& call, std::string_view op, int64_t count) {
  int64_t bytes;
  if (count < 0 || __builtin_mul_overflow(count, static_cast<int64_t>(sizeof(T)), &bytes)) {
    return Invalid(op, "a working size of ", count, " elements");
  }
  if (bytes == 0) return absl::Span<T>();
  void* memory = call.Scratch(bytes);
  if (memory == nullptr) return NoMemory(op, bytes);
  return absl::Span<T>(static_cast<T*>(memory), static_cast<size_t>(count));
}

// The same for a product of sizes that nobody checked.
template <typename T>
absl::StatusOr<absl::Span<T>> Scratch(LibraryCall& call, std::string_view op,
                                      std::initializer_list<int64_t> sizes) {
  HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(op, DimSpan(sizes.begin(), sizes.size())));
  return Scratch<T>(call, op, count);
}

// `count` elements of `type`, the first at `first`, as To, and the way back. The packed types
// count from the first of their first byte. False where the type holds no numbers.
template <typename To>
bool ReadNumbers(ElementType type, const void* data, int64_t first, int64_t count, To* to);
template <typename From>
bool WriteNumbers(ElementType type, const From* from, void* data, int64_t first, int64_t count);

template <typename T>
constexpr ElementType ElementTypeOf();

// Operand `index` as numbers of type C: in place where it has that type, else a converted copy.
template <typename C>
absl::StatusOr<absl::Span<const C>> Load(LibraryCall& call, std::string_view op, int index);

// Result `index` as numbers of type C; Store() converts them where the result has another type.
// Nobody sees the numbers of a result that is not wanted.
template <typename C>
class Output {
 public:
  static absl::StatusOr<Output> Make(LibraryCall& call, std::string_view op, int index,
                                     DimSpan dims) {
    Output output;
    if (!call.wants_result(index)) {
      HEDDLE_ASSIGN_OR_RETURN(int64_t unused, CheckedProduct(op, dims));
      HEDDLE_ASSIGN_OR_RETURN(output.values_, Scratch<C>(call, op, unused));
      return output;
    }
    HEDDLE_ASSIGN_OR_RETURN(output.view_, call.Result(index, call.result_type(index), dims));
    int64_t count = output.view_.count();
    if (output.view_.element_type == ElementTypeOf<C>()) {
      output.values_ =
          absl::Span<C>(static_cast<C*>(output.view_.data), static_cast<size_t>(count));
    } else {
      HEDDLE_ASSIGN_OR_RETURN(output.values_, Scratch<C>(call, op, count));
    }
    return output;
  }
  absl::Span<C> values() const { return values_; }
  C& operator[](int64_t i) const { return values_[i]; }
  absl::Status Store(std::string_view op) const {
    if (view_.element_type == ElementTypeOf<C>() || view_.element_type == ElementType::kUndefined) {
      return absl::OkStatus();
    }
    if (!WriteNumbers(view_.element_type, values_.data(), view_.data, 0,
                      static_cast<int64_t>(values_.size()))) {
      return NoSuchType(op, view_.element_type);
    }
    return absl::OkStatus();
  }

 private:
  MutableTensorView view_;
  absl::Span<C> values_;
};

// An operand with whole bytes per element.
struct RawOperand {
  const uint8_t* data = nullptr;
  Dims dims;
  ElementType type = ElementType::kUndefined;
  int64_t size = 0;  // bytes of one element
  int rank() const { return static_cast<int>(dims.size()); }
  int64_t count() const { return Product(dims); }
};
absl::StatusOr<RawOperand> LoadRaw(LibraryCall& call, std::string_view op, int index);

// A result of elements of `type`, with whole bytes for each; Store() packs the 4-bit types.
class RawResult {
 public:
  static absl::StatusOr<RawResult> Make(LibraryCall& call, std::string_view op, int index,
                                        ElementType type, DimSpan dims);
  uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }
  int64_t count() const { return view_.count(); }
  void Zero() const {
    if (count() > 0) std::memset(data_, 0, static_cast<size_t>(count() * size_));
  }
  absl::Status Store() const;

 private:
  MutableTensorView view_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
};

// Of lists that are vectors: shapes, axes, the lengths of a batch.
inline constexpr int64_t kLongestList = int64_t{1} << 24;
// An operand of int32 or int64 elements as a list of integers.
absl::StatusOr<Dims> IntList(LibraryCall& call, std::string_view op, int index);
// The only element of an operand.
absl::StatusOr<int64_t> IntScalar(LibraryCall& call, std::string_view op, int index);
absl::StatusOr<double> FloatScalar(LibraryCall& call, std::string_view op, int index);

// An error unless operand `index` is there and has `rank` dimensions.
absl::Status RequireRank(const LibraryCall& call, std::string_view op, int index, int rank);

template <typename T>
constexpr ElementType ElementTypeOf() {
  if constexpr (std::is_same_v<T, bool>) return ElementType::kBool;
  if constexpr (std::is_same_v<T, int8_t>) return ElementType::kInt8;
  if constexpr (std::is_same_v<T, uint8_t>) return ElementType::kUint8;
  if constexpr (std::is_same_v<T, int16_t>) return ElementType::kInt16;
  if constexpr (std::is_same_v<T, uint16_t>) return ElementType::kUint16;
  if constexpr (std::is_same_v<T, int32_t>) return ElementType::kInt32;
  if constexpr (std::is_same_v<T, uint32_t>) return ElementType::kUint32;
  if constexpr (std::is_same_v<T, int64_t>) return ElementType::kInt64;
  if constexpr (std::is_same_v<T, uint64_t>) return ElementType::kUint64;
  if constexpr (std::is_same_v<T, float>) return ElementType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return ElementType::kFloat64;
  return ElementType::kUndefined;
}

template <typename C>
absl::StatusOr<absl::Span<const C>> Load(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  if (view.element_type == ElementType::kUndefined) {
    return Invalid(op, "operand ", index, " is missing");
  }
  int64_t count = view.count();
  if (view.element_type == ElementTypeOf<C>()) {
    return absl::Span<const C>(static_cast<const C*>(view.data), static_cast<size_t>(count));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> copy, Scratch<C>(call, op, count));
  if (!ReadNumbers(view.element_type, view.data, 0, count, copy.data())) {
    return NoSuchType(op, view.element_type);
  }
  return absl::Span<const C>(copy);
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_BUFFERS_H_
