// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct convolution with pixels in the lanes, for output channels that leave panels of them half
// empty: a vector is pixels of a row, the weight of one channel is broadcast to it, and a tile of
// channels and vectors stays in registers over the whole depth. Filters are packed as for
// Convolution.h, in the order of whose products sums are made as well.
//
//   PlanePlan plan = planPlaneConvolution(spec, target);   // horizontal stride 1, floats
//   emitPlaneConvolution(e, spec, operands, begin, end, scratch, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

struct PlanePlan : ConvolutionBlocks {
  int64_t channels, vectors; // register tile
};

PlanePlan planPlaneConvolution(const ConvolutionSpec &spec, const Target &target);

void emitPlaneConvolution(Emitter &e, const ConvolutionSpec &spec,
                          const ConvolutionOperands &operands, mlir::Value begin, mlir::Value end,
                          mlir::Value scratch, PixelSink sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H
