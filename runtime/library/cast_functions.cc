// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cast and CastLike between all pairs of number types.

#include <algorithm>
#include <cstring>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

constexpr int64_t kBlock = 512;  // even: packed types go by whole bytes

template <typename F8>
void Saturate(const double* from, void* to, int64_t first, int64_t count) {
  F8* t = static_cast<F8*>(to) + first;
  for (int64_t i = 0; i < count; ++i) {
    F8 value;
    value.bits = F8::Saturated(from[i]).bits;
    t[i] = value;
  }
}

// Converts through Wide, a type that holds every number of the source type.
template <typename Wide>
absl::Status Convert(std::string_view op, const TensorView& x, const MutableTensorView& y,
                     bool saturate) {
  Wide block[kBlock];
  double doubles[kBlock];
  int64_t count = x.count();
  for (int64_t first = 0; first < count; first += kBlock) {
    int64_t n = std::min(kBlock, count - first);
    if (!ReadNumbers(x.element_type, x.data, first, n, block))
      return NoSuchType(op, x.element_type);
    if (saturate) {
      for (int64_t i = 0; i < n; ++i) doubles[i] = static_cast<double>(block[i]);
      switch (y.element_type) {
        case ElementType::kFloat8E4M3FN:
          Saturate<Float8E4M3FN>(doubles, y.data, first, n);
          continue;
        case ElementType::kFloat8E4M3FNUZ:
          Saturate<Float8E4M3FNUZ>(doubles, y.data, first, n);
          continue;
        case ElementType::kFloat8E5M2:
          Saturate<Float8E5M2>(doubles, y.data, first, n);
          continue;
        case ElementType::kFloat8E5M2FNUZ:
          Saturate<Float8E5M2FNUZ>(doubles, y.data, first, n);
          continue;
        default:
          break;
      }
    }
    if (!WriteNumbers(y.element_type, block, y.data, first, n))
      return NoSuchType(op, y.element_type);
  }
  return absl::OkStatus();
}

bool IsFloat8(ElementType type) {
  return type == ElementType::kFloat8E4M3FN || type == ElementType::kFloat8E4M3FNUZ ||
         type == ElementType::kFloat8E5M2 || type == ElementType::kFloat8E5M2FNUZ;
}

absl::Status CastOperand(LibraryCall& call, std::string_view op) {
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, call.result_type(0), x.dims));
  if (x.count() == 0) return absl::OkStatus();
  if (x.element_type == y.element_type && ElementBits(x.element_type) != 0) {
    std::memcpy(y.data, x.data, static_cast<size_t>(ElementBytes(x.element_type, x.count())));
    return absl::OkStatus();
  }
  bool saturate = IsFloat8(y.element_type) && call.Int("saturate", 1) != 0;
  switch (x.element_type) {
    case ElementType::kFloat64:
      return Convert<double>(op, x, y, saturate);
    case ElementType::kUint64:
      return Convert<uint64_t>(op, x, y, saturate);
    case ElementType::kFloat32:
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
    case ElementType::kFloat8E4M3FN:
    case ElementType::kFloat8E4M3FNUZ:
    case ElementType::kFloat8E5M2:
    case ElementType::kFloat8E5M2FNUZ:
    case ElementType::kFloat4E2M1:
      return Convert<float>(op, x, y, saturate);
    default:
      return Convert<int64_t>(op, x, y, saturate);
  }
}

}  // namespace

absl::Status Cast(LibraryCall& call) { return CastOperand(call, "Cast"); }
absl::Status CastLike(LibraryCall& call) { return CastOperand(call, "CastLike"); }

}  // namespace heddle::library
