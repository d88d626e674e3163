// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution of any rank as a matrix product, shared by the float and the integer operators.

#ifndef HEDDLE_RUNTIME_LIBRARY_CONVOLUTION_H_
#define HEDDLE_RUNTIME_LIBRARY_CONVOLUTION_H_

#include "runtime/library/window.h"

namespace heddle::library {

struct Convolution {
  Window window;
  int64_t batch = 0, in_channels = 0, out_channels = 0, group = 1;
  Dims result;  // [batch, out_channels, out...]
};

// Shapes and attributes of a convolution of operand `x` with the weights in operand `w`.
absl::StatusOr<Convolution> ParseConvolution(LibraryCall& call, std::string_view op, int x, int w);

// y += convolution of x with w; y holds the bias already.
template <typename C>
absl::Status Convolve(LibraryCall& call, std::string_view op, const Convolution& conv, const C* x,
                      const C* w, C* y);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_CONVOLUTION_H_
