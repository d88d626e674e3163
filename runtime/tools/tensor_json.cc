// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tensor_json.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "runtime/library/element_dispatch.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

absl::Status Ragged() {
  return absl::InvalidArgumentError("lists of one level must be equally long");
}

// The dimensions by the first list of each level; Fill sees to the others.
Tensor::Dims DimsOf(const Json& value) {
  Tensor::Dims dims;
  for (const Json* level = &value; level->is_array(); level = &(*level)[0]) {
    dims.push_back(static_cast<int64_t>(level->size()));
    if (level->empty()) break;
  }
  return dims;
}

template <typename T>
absl::Status FromNumber(const Json& value, T& element) {
  if constexpr (std::is_same_v<T, bool>) {
    if (value.is_boolean()) return element = value.get<bool>(), absl::OkStatus();
  } else if constexpr (std::is_integral_v<T>) {
    if (value.is_number_unsigned() && std::in_range<T>(value.get<uint64_t>())) {
      return element = static_cast<T>(value.get<uint64_t>()), absl::OkStatus();
    }
    if (value.is_number_integer() && !value.is_number_unsigned() &&
        std::in_range<T>(value.get<int64_t>())) {
      return element = static_cast<T>(value.get<int64_t>()), absl::OkStatus();
    }
  } else if (value.is_number()) {
    return element = static_cast<T>(value.get<double>()), absl::OkStatus();
  } else if (value.is_null()) {
    return element = static_cast<T>(std::numeric_limits<double>::quiet_NaN()), absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Absl(ToText(value).substr(0, 100)), " is no element of the input's type"));
}

template <typename T>
absl::Status Fill(const Json& value, absl::Span<const int64_t> dims, T*& next) {
  if (dims.empty()) return FromNumber(value, *next++);
  if (!value.is_array() || static_cast<int64_t>(value.size()) != dims[0]) return Ragged();
  for (const Json& part : value) HEDDLE_RETURN_IF_ERROR(Fill(part, dims.subspan(1), next));
  return absl::OkStatus();
}

template <typename T>
Json ToNumber(T element) {
  if constexpr (std::is_arithmetic_v<T>) {
    if constexpr (std::is_same_v<T, float>) {
      // The shortest that reads back as this float: 0.1 and not 0.10000000149011612.
      if (!std::isfinite(element)) return static_cast<double>(element);
      char text[32];
      const char* end = std::to_chars(text, text + sizeof text, element).ptr;
      double shortest = 0;
      std::from_chars(text, end, shortest);
      return shortest;
    } else {
      return element;
    }
  } else {
    return static_cast<double>(static_cast<float>(element));
  }
}

template <typename T>
Json Nest(absl::Span<const int64_t> dims, const T*& next) {
  if (dims.empty()) return ToNumber(*next++);
  Json list = Json::array();
  for (int64_t i = 0; i < dims[0]; ++i) list.push_back(Nest(dims.subspan(1), next));
  return list;
}

}  // namespace

absl::StatusOr<Tensor> TensorFromJson(const Json& value, ElementType type,
                                      const std::shared_ptr<BufferPool>& pool) {
  const Tensor::Dims dims = DimsOf(value);
  HEDDLE_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(type, dims, *pool));
  HEDDLE_RETURN_IF_ERROR(library::VisitNumberOrBool("JSON", type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T* next = static_cast<T*>(tensor.data());
    return Fill<T>(value, dims, next);
  }));
  return tensor;
}

absl::StatusOr<Json> TensorToJson(const Tensor& tensor) {
  const int64_t count = tensor.view().count();
  if (count > kMaxJsonElements) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an output of ", count, " elements is too large for JSON, which may have ",
                     kMaxJsonElements));
  }
  Json json;
  HEDDLE_RETURN_IF_ERROR(library::VisitNumberOrBool("JSON", tensor.element_type(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* next = static_cast<const T*>(tensor.data());
    json = Nest<T>(tensor.dims(), next);
    return absl::OkStatus();
  }));
  return json;
}

}  // namespace heddle
