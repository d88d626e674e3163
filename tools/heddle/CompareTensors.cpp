// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CompareTensors.h"

#include "runtime/library/number_formats.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace heddle::cli {

namespace {

template <typename T> T load(const HostTensor &tensor, int64_t index) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

int nibble(const HostTensor &tensor, int64_t index) {
  return (static_cast<unsigned char>(tensor.bytes[index / 2]) >> (index % 2 * 4)) & 15;
}

/// Element `index` of a tensor seen as real numbers: a complex element is two of them. As long
/// double, which holds every 64-bit integer.
long double numberAt(const HostTensor &t, int64_t i) {
  switch (t.type) {
  case ElementType::kBool:
    return load<uint8_t>(t, i) != 0;
  case ElementType::kInt8:
    return load<int8_t>(t, i);
  case ElementType::kUint8:
    return load<uint8_t>(t, i);
  case ElementType::kInt16:
    return load<int16_t>(t, i);
  case ElementType::kUint16:
    return load<uint16_t>(t, i);
  case ElementType::kInt32:
    return load<int32_t>(t, i);
  case ElementType::kUint32:
    return load<uint32_t>(t, i);
  case ElementType::kInt64:
    return load<int64_t>(t, i);
  case ElementType::kUint64:
    return load<uint64_t>(t, i);
  case ElementType::kFloat16:
    return static_cast<float>(load<library::Float16>(t, i));
  case ElementType::kBFloat16:
    return static_cast<float>(load<library::BFloat16>(t, i));
  case ElementType::kFloat32:
  case ElementType::kComplex64:
    return load<float>(t, i);
  case ElementType::kFloat64:
  case ElementType::kComplex128:
    return load<double>(t, i);
  case ElementType::kInt4:
    return (nibble(t, i) ^ 8) - 8;
  case ElementType::kUint4:
    return nibble(t, i);
  case ElementType::kFloat8E4M3FN:
    return static_cast<float>(load<library::Float8E4M3FN>(t, i));
  case ElementType::kFloat8E4M3FNUZ:
    return static_cast<float>(load<library::Float8E4M3FNUZ>(t, i));
  case ElementType::kFloat8E5M2:
    return static_cast<float>(load<library::Float8E5M2>(t, i));
  case ElementType::kFloat8E5M2FNUZ:
    return static_cast<float>(load<library::Float8E5M2FNUZ>(t, i));
  case ElementType::kFloat4E2M1:
    return static_cast<float>(library::Float4E2M1::FromBits(nibble(t, i)));
  case ElementType::kUndefined:
  case ElementType::kString:
    break;
  }
  return 0;
}

int partsOf(ElementType type) {
  return type == ElementType::kComplex64 || type == ElementType::kComplex128 ? 2 : 1;
}

std::string text(const char *format, auto... values) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

/// "[1,2]" of an index in C order.
std::string place(const std::vector<int64_t> &dims, int64_t index) {
  std::string all;
  for (size_t axis = dims.size(); axis-- > 0; index /= dims[axis])
    all = (axis ? "," : "") + std::to_string(index % dims[axis]) + all;
  return "[" + all + "]";
}

/// What one pass over two tensors finds.
struct Findings {
  int64_t count = 0;
  int64_t specials = 0, firstSpecial = -1; // NaN or infinity against something else
  int64_t wrong = 0, worst = -1;           // outside the tolerance
  long double worstExcess = 0, largest = 0, largestError = 0;
  long double dot = 0, gotSquares = 0, wantSquares = 0;

  long double cosine() const {
    if (gotSquares == 0 || wantSquares == 0)
      return gotSquares == wantSquares ? 1 : 0;
    return dot / (std::sqrt(gotSquares) * std::sqrt(wantSquares));
  }
};

Findings compare(const HostTensor &got, const HostTensor &want, const Tolerance &tolerance,
                 int64_t count) {
  Findings found;
  found.count = count;
  for (int64_t i = 0; i < count; ++i)
    if (long double w = std::fabs(numberAt(want, i)); std::isfinite(w))
      found.largest = std::max(found.largest, w);
  long double absolute =
      tolerance.absolute * (tolerance.scaleAbsolute ? std::max(1.0L, found.largest) : 1.0L);
  for (int64_t i = 0; i < count; ++i) {
    long double g = numberAt(got, i), w = numberAt(want, i);
    if (!std::isfinite(g) || !std::isfinite(w)) {
      bool same = std::isnan(w) ? std::isnan(g) : g == w;
      if (!same && found.specials++ == 0)
        found.firstSpecial = i;
      continue;
    }
    found.dot += g * w;
    found.gotSquares += g * g;
    found.wantSquares += w * w;
    found.largestError = std::max(found.largestError, std::fabs(g - w));
    long double excess = std::fabs(g - w) - (absolute + tolerance.relative * std::fabs(w));
    if (excess <= 0)
      continue;
    if (found.wrong++ == 0 || excess > found.worstExcess) {
      found.worst = i;
      found.worstExcess = excess;
    }
  }
  return found;
}

} // namespace

double elementAt(const HostTensor &tensor, int64_t index) {
  return static_cast<double>(numberAt(tensor, index * partsOf(tensor.type)));
}

std::string errorText(const HostTensor &got, const HostTensor &want) {
  int64_t count = countTensorElements(want.dims).value_or(0) * partsOf(want.type);
  Findings found = compare(got, want, {}, count);
  return text("largest error %.3Lg of %.3Lg, cosine %.6Lf", found.largestError, found.largest,
              found.cosine());
}

std::optional<std::string> difference(const HostTensor &got, const HostTensor &want,
                                      const Tolerance &tolerance) {
  if (got.type != want.type)
    return "type is " + std::string(ElementTypeName(got.type)) + ", want " +
           std::string(ElementTypeName(want.type));
  if (got.dims != want.dims)
    return "shape is " + dimsText(got.dims) + ", want " + dimsText(want.dims);
  std::optional<int64_t> elements = countTensorElements(want.dims);
  std::optional<int64_t> bytes = countBytes(want.type, want.dims);
  if (!elements || !bytes || static_cast<int64_t>(got.bytes.size()) < *bytes ||
      static_cast<int64_t>(want.bytes.size()) < *bytes)
    return std::string("the tensor's bytes do not fit its shape");
  if (got.bytes == want.bytes)
    return std::nullopt;
  int parts = partsOf(want.type);
  Findings found = compare(got, want, tolerance, *elements * parts);
  auto show = [&](int64_t i) {
    return text("%.9Lg, want %.9Lg, at ", numberAt(got, i), numberAt(want, i)) +
           place(want.dims, i / parts);
  };
  if (found.specials)
    return text("%lld of %lld NaN or infinities differ: ", (long long)found.specials,
                (long long)found.count) +
           show(found.firstSpecial);
  if (found.wrong == 0)
    return std::nullopt;
  if (tolerance.minCosine && found.cosine() >= *tolerance.minCosine)
    return std::nullopt;
  return text("%lld of %lld elements differ, worst ", (long long)found.wrong,
              (long long)found.count) +
         show(found.worst) + text(" (cosine %.6Lf)", found.cosine());
}

} // namespace heddle::cli
