// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies a block of elements between two strided places. Most data movement is one call of this:
// a transposition, a slice, an expansion (source stride 0), a tile, a concatenation.

#ifndef HEDDLE_RUNTIME_LIBRARY_STRIDED_COPY_H_
#define HEDDLE_RUNTIME_LIBRARY_STRIDED_COPY_H_

#include <cstdint>

#include "runtime/library/shapes.h"

namespace heddle::library {

// Strides count elements of `size` bytes (1, 2, 4, 8 or 16) and may be negative or zero.
// `from` and `to` point to the element with index 0. The blocks do not overlap.
void StridedCopy(DimSpan dims, const uint8_t* from, DimSpan from_strides, uint8_t* to,
                 DimSpan to_strides, int64_t size);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_STRIDED_COPY_H_
