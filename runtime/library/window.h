// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sliding window of convolutions and pools over any number of spatial axes.

#ifndef HEDDLE_RUNTIME_LIBRARY_WINDOW_H_
#define HEDDLE_RUNTIME_LIBRARY_WINDOW_H_

#include "runtime/library/buffers.h"

namespace heddle::library {

struct Window {
  Dims in, out, kernel, strides, dilations, begin, end;  // one entry per spatial axis
  int rank() const { return static_cast<int>(in.size()); }

  // The input position under kernel element `k` for output `o`, per axis.
  int64_t Position(int axis, int64_t o, int64_t k) const {
    return o * strides[axis] + k * dilations[axis] - begin[axis];
  }
};

// kernel, strides, dilations and pads from the attributes; `kernel` is the default for
// kernel_shape. Does not resolve auto_pad nor set `out`.
absl::StatusOr<Window> ParseWindow(const LibraryCall& call, std::string_view op, DimSpan in,
                                   DimSpan kernel);

// Resolves auto_pad and sets `out`, for an operator that slides over its input.
absl::Status SizeOutput(const LibraryCall& call, std::string_view op, Window& window);

// The columns of positions [first, first + count) of one channel group: to[position][channel *
// kernel + k], zero outside the input. `from` is [channels, in...].
template <typename C>
void GatherColumns(const Window& window, const C* from, int64_t channels, int64_t first,
                   int64_t count, C* to);

// The reverse, for one channel: adds columns[k][position] to image[in...]; here `out` are the
// positions and `in` is the image.
template <typename C>
void ScatterColumns(const Window& window, const C* columns, C* image);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_WINDOW_H_
