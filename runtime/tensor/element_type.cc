// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tensor/element_type.h"

namespace heddle {
namespace {

struct Traits {
  std::string_view name;
  int bits;
};

// In the order of the enumeration.
constexpr Traits kTraits[kElementTypeCount] = {
    {"undefined", 0},    {"bool", 8},           {"int8", 8},         {"uint8", 8},
    {"int16", 16},       {"uint16", 16},        {"int32", 32},       {"uint32", 32},
    {"int64", 64},       {"uint64", 64},        {"float16", 16},     {"bfloat16", 16},
    {"float32", 32},     {"float64", 64},       {"int4", 4},         {"uint4", 4},
    {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},   {"float8e5m2fnuz", 8},
    {"float4e2m1", 4},   {"complex64", 64},     {"complex128", 128}, {"string", 0},
};

}  // namespace

int ElementBits(ElementType type) {
  auto index = static_cast<size_t>(type);
  return index < kElementTypeCount ? kTraits[index].bits : 0;
}

int64_t ElementBytes(ElementType type, int64_t count) {
  int bits = ElementBits(type);
  return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
}

std::string_view ElementTypeName(ElementType type) {
  auto index = static_cast<size_t>(type);
  return index < kElementTypeCount ? kTraits[index].name : "unknown";
}

}  // namespace heddle
