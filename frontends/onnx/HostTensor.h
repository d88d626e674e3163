// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor in memory with its name, as files hold it: what TensorFile.h and NpyFile.h read and
// write. A plain value; no thread safety beyond that of its members.

#ifndef HEDDLE_FRONTENDS_ONNX_HOSTTENSOR_H
#define HEDDLE_FRONTENDS_ONNX_HOSTTENSOR_H

#include "runtime/tensor/element_type.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

struct HostTensor {
  std::string name;
  ElementType type = ElementType::kUndefined;
  std::vector<int64_t> dims;
  /// Little endian, in C order, without padding; two 4-bit elements in a byte, the first in the low
  /// half. A string rather than a vector because that is what protobuf can hand over uncopied.
  std::string bytes;
};

/// Bits of one element; 0 for kUndefined and kString.
int elementBitsOf(ElementType type);

/// The product of the dimensions; nothing where one is negative or it leaves 63 bits.
std::optional<int64_t> countTensorElements(const std::vector<int64_t> &dims);

/// Bytes that a tensor of these dimensions takes; nothing where countTensorElements gives nothing or the
/// bytes leave 63 bits.
std::optional<int64_t> countBytes(ElementType type, const std::vector<int64_t> &dims);

/// "2x3x4", "scalar".
std::string dimsText(const std::vector<int64_t> &dims);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_HOSTTENSOR_H
