// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/strided_copy.h"

#include <cstring>

#include "runtime/library/element_dispatch.h"

namespace heddle::library {
namespace {

template <typename T>
void CopyLine(const uint8_t* from, int64_t from_stride, uint8_t* to, int64_t to_stride,
              int64_t count) {
  const T* f = reinterpret_cast<const T*>(from);
  T* t = reinterpret_cast<T*>(to);
  if (to_stride == 1) {
    for (int64_t i = 0; i < count; ++i) t[i] = f[i * from_stride];
  } else {
    for (int64_t i = 0; i < count; ++i) t[i * to_stride] = f[i * from_stride];
  }
}

}  // namespace

void StridedCopy(DimSpan dims, const uint8_t* from, DimSpan from_strides, uint8_t* to,
                 DimSpan to_strides, int64_t size) {
  // Merge neighbours that are one line on both sides; drop dimensions of 1.
  Dims d, f, t;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] <= 0) return;
    if (dims[i] == 1) continue;
    if (!d.empty() && f.back() == from_strides[i] * dims[i] &&
        t.back() == to_strides[i] * dims[i]) {
      d.back() *= dims[i];
      f.back() = from_strides[i];
      t.back() = to_strides[i];
    } else {
      d.push_back(dims[i]);
      f.push_back(from_strides[i]);
      t.push_back(to_strides[i]);
    }
  }
  int64_t line = 1, line_from = 1, line_to = 1;
  if (!d.empty()) {
    line = d.back();
    line_from = f.back();
    line_to = t.back();
    d.pop_back();
    f.pop_back();
    t.pop_back();
  }
  ForEachIndex<2>(d, {f, t}, [&](const std::array<int64_t, 2>& offsets) {
    const uint8_t* source = from + offsets[0] * size;
    uint8_t* target = to + offsets[1] * size;
    if (line_from == 1 && line_to == 1) {
      std::memcpy(target, source, static_cast<size_t>(line * size));
      return;
    }
    VisitElementSize(size, [&](auto tag) {
      CopyLine<typename decltype(tag)::Type>(source, line_from, target, line_to, line);
    });
  });
}

}  // namespace heddle::library
