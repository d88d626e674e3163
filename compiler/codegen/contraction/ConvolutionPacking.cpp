// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Filters as the kernels of a convolution read them.

#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/contraction/PackingKernel.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/convolution/FilterLayout.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

SmallVector<Type> ConvolutionKernelEmitter::buffers() {
  if (!transformsEachRun())
    return bufferElements(structured, filterNumber(), packed);
  SmallVector<Type> elements = bufferElements(structured, filterNumber(), stored);
  elements.insert(std::prev(elements.end()), packed);
  return elements;
}

Packing ConvolutionKernelEmitter::emitPacking(const ConvolutionSpec &spec) {
  DimExpr panels = groups * outputs.ceilDiv(spec.panel());
  // Bytes are packed in fours, with their filters' sums.
  DimExpr depth = spec.element.isInteger(8) ? (inputs.ceilDiv(4) * space.taps() + 1) * 4
                  : spec.pairs              ? inputs.ceilDiv(2) * 2 * space.taps()
                                            : inputs * space.taps();
  Packing packing{filterNumber(),
                  {groups, outputs * groups, inputs},
                  {},
                  panels * spec.panel() * depth,
                  packed};
  packing.kernel.grid = panels;
  packing.kernel.nanosecondsPerElement = 0.5;
  emitPackingKernel(packing, structured, name + "_pack", stored, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      emitPackFilter(e, spec, frame.buffers[0], frame.buffers[1], sizes[0],
                                     sizes[1], sizes[2], frame.begin, frame.end);
                    });
  return packing;
}

Packing ConvolutionKernelEmitter::packTransformed(
    int64_t elements, const ConvolutionSpec &spec,
    llvm::function_ref<void(Emitter &, KernelFrame &, Value outputs, Value channels)> emit) {
  Packing packing{filterNumber(), {outputs, inputs}, {}, elements, packed};
  packing.kernel.grid = outputs.ceilDiv(spec.panel());
  packing.kernel.nanosecondsPerElement = 0.5;
  emitPackingKernel(packing, structured, name + "_pack", stored, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      emit(e, frame, sizes[0], sizes[1]);
                    });
  return packing;
}

Packing ConvolutionKernelEmitter::emitTransform(const WinogradSpec &spec,
                                                const WinogradPlan &plan) {
  Packing transform{filterNumber(), {inputs}, {}, plan.plainFilters, stored};
  transform.kernel.grid = outputs.ceilDiv(plan.panel) * inputs.ceilDiv(kChannelBlock);
  transform.kernel.nanosecondsPerElement = 0.25;
  emitPackingKernel(transform, structured, name + "_transform", packed, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      emitTransformWinograd(e, spec.convolution, frame.buffers[0], frame.buffers[1],
                                            sizes[0], frame.begin, frame.end);
                    });
  return transform;
}

} // namespace heddle
