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

struct PlanePlan {
  int64_t channels, vectors;                   // register tile
  int64_t rowBlock, columnBlock, channelBlock; // of a grid point, at most
  int64_t patchOffset;                         // in scratch: the input's copy
  int64_t scratchFixed, scratchPerChannel;     // bytes: fixed + perChannel * (IC / G)

  /// Of an output of od x oh x ow pixels.
  int64_t gridPoints(int64_t n, int64_t groups, int64_t oc, int64_t od, int64_t oh,
                     int64_t ow) const {
    auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
    return n * groups * od * parts(oh, rowBlock) * parts(ow, columnBlock) *
           parts(oc / groups, channelBlock);
  }
  int64_t scratchBytes(int64_t channels) const {
    return scratchFixed + scratchPerChannel * channels;
  }
};

PlanePlan planPlaneConvolution(const ConvolutionSpec &spec, const Target &target);

void emitPlaneConvolution(Emitter &e, const ConvolutionSpec &spec,
                          const ConvolutionOperands &operands, mlir::Value begin, mlir::Value end,
                          mlir::Value scratch, PixelSink sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANECONVOLUTION_H
