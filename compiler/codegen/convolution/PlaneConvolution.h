// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct convolution with pixels in the lanes, for output channels that leave panels of them half
// empty, and for so few products a result that turning results from channels to pixels would take
// long beside them: a vector is pixels of a row, the weight of one channel is broadcast to it, and a
// tile of channels and vectors stays in registers over the whole depth. Where windows are apart,
// columns are sorted by stride as the input is copied. Filters are packed as for Convolution.h, in
// the order of whose products sums are made as well.
//
//   PlanePlan plan = planPlaneConvolution(spec, target);   // floats, not transposed
//   emitPlaneConvolution(e, spec, operands, begin, end, scratch, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

struct PlanePlan : ConvolutionBlocks {
  int64_t channels, vectors; // register tile
  bool copies;               // the input; else it is read where it is

  /// Bytes of a copy, for blocks of at most so many rows and columns.
  int64_t patchBytes(const ConvolutionSpec &spec, const Target &target, int64_t channels,
                     int64_t rows, int64_t columns) const;
};

PlanePlan planPlaneConvolution(const ConvolutionSpec &spec, const Target &target);

void emitPlaneConvolution(Emitter &e, const ConvolutionSpec &spec,
                          const ConvolutionOperands &operands, mlir::Value begin, mlir::Value end,
                          mlir::Value scratch, PixelSink sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H
