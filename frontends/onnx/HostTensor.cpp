// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/HostTensor.h"

namespace heddle {

int elementBitsOf(ElementType type) {
  switch (type) {
  case ElementType::kUndefined:
  case ElementType::kString:
    return 0;
  case ElementType::kInt4:
  case ElementType::kUint4:
  case ElementType::kFloat4E2M1:
    return 4;
  case ElementType::kBool:
  case ElementType::kInt8:
  case ElementType::kUint8:
  case ElementType::kFloat8E4M3FN:
  case ElementType::kFloat8E4M3FNUZ:
  case ElementType::kFloat8E5M2:
  case ElementType::kFloat8E5M2FNUZ:
    return 8;
  case ElementType::kInt16:
  case ElementType::kUint16:
  case ElementType::kFloat16:
  case ElementType::kBFloat16:
    return 16;
  case ElementType::kInt32:
  case ElementType::kUint32:
  case ElementType::kFloat32:
    return 32;
  case ElementType::kInt64:
  case ElementType::kUint64:
  case ElementType::kFloat64:
  case ElementType::kComplex64:
    return 64;
  case ElementType::kComplex128:
    return 128;
  }
  return 0;
}

std::optional<int64_t> countTensorElements(const std::vector<int64_t> &dims) {
  // A zero anywhere makes the tensor empty, but does not excuse the other dimensions.
  int64_t count = 1;
  for (int64_t dim : dims)
    if (dim < 0 || (dim != 0 && __builtin_mul_overflow(count, dim, &count)))
      return std::nullopt;
  for (int64_t dim : dims)
    if (dim == 0)
      return 0;
  return count;
}

std::optional<int64_t> countBytes(ElementType type, const std::vector<int64_t> &dims) {
  std::optional<int64_t> count = countTensorElements(dims);
  int64_t bits;
  if (!count || __builtin_mul_overflow(*count, int64_t(elementBitsOf(type)), &bits) ||
      __builtin_add_overflow(bits, int64_t(7), &bits))
    return std::nullopt;
  return bits / 8;
}

std::string dimsText(const std::vector<int64_t> &dims) {
  if (dims.empty())
    return "scalar";
  std::string text;
  for (int64_t dim : dims)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

} // namespace heddle
