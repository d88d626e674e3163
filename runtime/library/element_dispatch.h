// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ElementType to the C++ type that holds one element: each Visit calls
// `visit(TypeTag<T>{})` and returns its status, or says that the operator has no such type.
//
//   return VisitNumber("CumSum", x.element_type, [&](auto tag) {
//     using T = typename decltype(tag)::Type;
//     ...
//     return absl::OkStatus();
//   });

#ifndef HEDDLE_RUNTIME_LIBRARY_ELEMENT_DISPATCH_H_
#define HEDDLE_RUNTIME_LIBRARY_ELEMENT_DISPATCH_H_

#include <string_view>

#include "absl/status/status.h"
#include "runtime/library/errors.h"
#include "runtime/library/number_formats.h"
#include "runtime/tensor/element_type.h"

namespace heddle::library {

template <typename T>
struct TypeTag {
  using Type = T;
};

inline absl::Status NoSuchType(std::string_view op, ElementType type) {
  return Unimplemented(op, "does not take elements of type ", Absl(ElementTypeName(type)));
}

template <typename Visitor>
absl::Status VisitInteger(std::string_view op, ElementType type, Visitor&& visit) {
  switch (type) {
    case ElementType::kInt8:
      return visit(TypeTag<int8_t>{});
    case ElementType::kUint8:
      return visit(TypeTag<uint8_t>{});
    case ElementType::kInt16:
      return visit(TypeTag<int16_t>{});
    case ElementType::kUint16:
      return visit(TypeTag<uint16_t>{});
    case ElementType::kInt32:
      return visit(TypeTag<int32_t>{});
    case ElementType::kUint32:
      return visit(TypeTag<uint32_t>{});
    case ElementType::kInt64:
      return visit(TypeTag<int64_t>{});
    case ElementType::kUint64:
      return visit(TypeTag<uint64_t>{});
    default:
      return NoSuchType(op, type);
  }
}

// Integers of 8 to 64 bits and floating point of 16 to 64.
template <typename Visitor>
absl::Status VisitNumber(std::string_view op, ElementType type, Visitor&& visit) {
  switch (type) {
    case ElementType::kFloat16:
      return visit(TypeTag<Float16>{});
    case ElementType::kBFloat16:
      return visit(TypeTag<BFloat16>{});
    case ElementType::kFloat32:
      return visit(TypeTag<float>{});
    case ElementType::kFloat64:
      return visit(TypeTag<double>{});
    default:
      return VisitInteger(op, type, visit);
  }
}

template <typename Visitor>
absl::Status VisitNumberOrBool(std::string_view op, ElementType type, Visitor&& visit) {
  if (type == ElementType::kBool) return visit(TypeTag<bool>{});
  return VisitNumber(op, type, visit);
}

// Every type but complex numbers and strings.
template <typename Visitor>
absl::Status VisitAnyNumber(std::string_view op, ElementType type, Visitor&& visit) {
  switch (type) {
    case ElementType::kInt4:
      return visit(TypeTag<Int4>{});
    case ElementType::kUint4:
      return visit(TypeTag<Uint4>{});
    case ElementType::kFloat8E4M3FN:
      return visit(TypeTag<Float8E4M3FN>{});
    case ElementType::kFloat8E4M3FNUZ:
      return visit(TypeTag<Float8E4M3FNUZ>{});
    case ElementType::kFloat8E5M2:
      return visit(TypeTag<Float8E5M2>{});
    case ElementType::kFloat8E5M2FNUZ:
      return visit(TypeTag<Float8E5M2FNUZ>{});
    case ElementType::kFloat4E2M1:
      return visit(TypeTag<Float4E2M1>{});
    default:
      return VisitNumberOrBool(op, type, visit);
  }
}

// The type floating-point work on `type` is done in: float for the half types.
template <typename Visitor>
absl::Status VisitCompute(std::string_view op, ElementType type, Visitor&& visit) {
  switch (type) {
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
    case ElementType::kFloat32:
      return visit(TypeTag<float>{});
    case ElementType::kFloat64:
      return visit(TypeTag<double>{});
    default:
      return NoSuchType(op, type);
  }
}

// An unsigned integer as wide as one element; the types of 4 bits are not among them.
struct Bytes16 {
  uint64_t low, high;
};
template <typename Visitor>
void VisitElementSize(int64_t bytes, Visitor&& visit) {
  switch (bytes) {
    case 1:
      visit(TypeTag<uint8_t>{});
      break;
    case 2:
      visit(TypeTag<uint16_t>{});
      break;
    case 4:
      visit(TypeTag<uint32_t>{});
      break;
    case 8:
      visit(TypeTag<uint64_t>{});
      break;
    default:
      visit(TypeTag<Bytes16>{});
      break;
  }
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ELEMENT_DISPATCH_H_
