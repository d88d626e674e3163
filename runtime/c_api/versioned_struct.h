// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structures of the C ABIs, which begin with their size and grow at the end: those of callers may be
// of an older or a newer header than the library's. Only bytes that the caller has are read or written.

#ifndef HEDDLE_RUNTIME_C_API_VERSIONED_STRUCT_H_
#define HEDDLE_RUNTIME_C_API_VERSIONED_STRUCT_H_

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"

namespace heddle {

// What a struct_size of 0 stands for: the bytes of the structure's first version, as any caller has
// at least those.
template <typename Struct>
inline constexpr size_t kFirstSize = 0;

// Defines it by the first version's last field; fields that are added later change nothing.
#define HEDDLE_FIRST_VERSION_ENDS_WITH(Struct, field) \
  template <>                                         \
  inline constexpr size_t kFirstSize<Struct> = offsetof(Struct, field) + sizeof(Struct::field)

template <typename Struct>
size_t CallersSize(const Struct& given) {
  static_assert(kFirstSize<Struct> != 0, "a structure needs HEDDLE_FIRST_VERSION_ENDS_WITH");
  return given.struct_size == 0 ? kFirstSize<Struct> : given.struct_size;
}

// Copies as much of a structure as its maker knew of; the rest keeps its defaults.
template <typename Struct>
absl::Status ReadStruct(const Struct* from, Struct& to) {
  to = Struct{};
  if (from == nullptr) return absl::OkStatus();
  size_t size = CallersSize(*from);
  if (size < sizeof(size_t)) return absl::InvalidArgumentError("struct_size is too small");
  std::memcpy(static_cast<void*>(&to), from, std::min(size, sizeof(Struct)));
  return absl::OkStatus();
}

template <typename Struct>
absl::Status WriteStruct(Struct from, Struct* to) {
  if (to == nullptr) return absl::InvalidArgumentError("null pointer for the result");
  size_t size = CallersSize(*to);
  if (size < sizeof(size_t)) return absl::InvalidArgumentError("struct_size is too small");
  from.struct_size = to->struct_size;
  std::memcpy(static_cast<void*>(to), &from, std::min(size, sizeof(Struct)));
  return absl::OkStatus();
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_C_API_VERSIONED_STRUCT_H_
