// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The wire format of protocol buffers, as far as test cases need it.

#ifndef HEDDLE_TESTS_UNIT_LIBRARY_WIRE_FORMAT_H_
#define HEDDLE_TESTS_UNIT_LIBRARY_WIRE_FORMAT_H_

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace heddle {

// A field of a message: a number (varint or fixed) or bytes.
struct Field {
  int number = 0;
  uint64_t value = 0;
  std::string_view bytes;
  bool is_bytes = false;
};

inline bool Varint(std::string_view& text, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !text.empty(); shift += 7) {
    uint8_t byte = static_cast<uint8_t>(text.front());
    text.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

inline bool ForEachField(std::string_view text, const std::function<void(const Field&)>& visit) {
  while (!text.empty()) {
    uint64_t key, length = 0;
    if (!Varint(text, key)) return false;
    Field field;
    field.number = static_cast<int>(key >> 3);
    switch (key & 7) {
      case 0:
        if (!Varint(text, field.value)) return false;
        break;
      case 1:
        length = 8;
        break;
      case 5:
        length = 4;
        break;
      case 2:
        if (!Varint(text, length)) return false;
        field.is_bytes = true;
        break;
      default:
        return false;
    }
    if (length > text.size()) return false;
    if ((key & 7) == 1 || (key & 7) == 5) std::memcpy(&field.value, text.data(), length);
    if (field.is_bytes) field.bytes = text.substr(0, length);
    text.remove_prefix(length);
    visit(field);
  }
  return true;
}

// A repeated number field, packed or not.
template <typename T>
void Append(const Field& field, bool fixed, std::vector<T>& to) {
  auto add = [&](uint64_t bits) {
    T value;
    if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(bits);
    } else {
      std::memcpy(&value, &bits, sizeof(T));
    }
    to.push_back(value);
  };
  if (!field.is_bytes) return add(field.value);
  std::string_view rest = field.bytes;
  while (!rest.empty()) {
    uint64_t bits = 0;
    if (fixed) {
      if (rest.size() < sizeof(T)) return;
      std::memcpy(&bits, rest.data(), sizeof(T));
      rest.remove_prefix(sizeof(T));
    } else if (!Varint(rest, bits)) {
      return;
    }
    add(bits);
  }
}

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_LIBRARY_WIRE_FORMAT_H_
