// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types of tensors: their names, sizes, and the C++ type that holds one. The numbers are
// part of the artifact format and of the C ABI and never change.

#ifndef HEDDLE_RUNTIME_TENSOR_ELEMENT_TYPE_H_
#define HEDDLE_RUNTIME_TENSOR_ELEMENT_TYPE_H_

#include <cstdint>
#include <string_view>

namespace heddle {

enum class ElementType : uint8_t {
  kUndefined = 0,
  kBool = 1,
  kInt8 = 2,
  kUint8 = 3,
  kInt16 = 4,
  kUint16 = 5,
  kInt32 = 6,
  kUint32 = 7,
  kInt64 = 8,
  kUint64 = 9,
  kFloat16 = 10,
  kBFloat16 = 11,
  kFloat32 = 12,
  kFloat64 = 13,
  kInt4 = 14,
  kUint4 = 15,
  kFloat8E4M3FN = 16,
  kFloat8E4M3FNUZ = 17,
  kFloat8E5M2 = 18,
  kFloat8E5M2FNUZ = 19,
  kFloat4E2M1 = 20,
  kComplex64 = 21,
  kComplex128 = 22,
  kString = 23,
};

inline constexpr int kElementTypeCount = 24;

// Bits one element takes in memory; 4 for the packed types (two in a byte, the first in the low
// half), 0 for kUndefined and kString.
int ElementBits(ElementType type);

// Bytes that `count` elements take, rounded up for the packed types.
int64_t ElementBytes(ElementType type, int64_t count);

// "float32", "int4", ... as printed by the tools.
std::string_view ElementTypeName(ElementType type);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TENSOR_ELEMENT_TYPE_H_
