// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions that leave channels, pixels and groups over in every way, small enough for plain
// loops: what every test of them needs, whatever the elements.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H
#define HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H

#include "compiler/codegen/convolution/Convolution.h"
#include "tests/unit/codegen/KernelHarness.h"

namespace heddle::codegen::small {

struct Size {
  int64_t n, groups, ic, oc, h, w;
};
struct Window {
  int64_t kernel, stride, pad;
};
inline const Window kWindows[] = {{3, 1, 1}, {1, 1, 0}, {3, 2, 0}};
inline const Size kSizes[] = {
    {1, 1, 3, 8, 11, 13}, {2, 1, 17, 33, 9, 7}, {1, 2, 10, 6, 16, 60}, {1, 1, 70, 65, 7, 14}};

/// The spec with the window in it.
inline ConvolutionSpec withWindow(ConvolutionSpec spec, const Window &w) {
  spec.window = {1, w.kernel, w.kernel};
  spec.stride = {1, w.stride, w.stride};
  spec.padding = {0, w.pad, w.pad};
  spec.padded = w.pad != 0;
  return spec;
}

/// One window over one size.
struct Case {
  Window window;
  Size size;

  int64_t channels() const { return size.ic / size.groups; }
  int64_t outputHeight() const {
    return (size.h + 2 * window.pad - window.kernel) / window.stride + 1;
  }
  int64_t outputWidth() const {
    return (size.w + 2 * window.pad - window.kernel) / window.stride + 1;
  }
  int64_t inputs() const { return size.n * size.ic * size.h * size.w; }
  int64_t filters() const { return size.oc * channels() * window.kernel * window.kernel; }
  int64_t results() const { return size.n * size.oc * outputHeight() * outputWidth(); }

  std::string name() const {
    return std::to_string(window.kernel) + "x" + std::to_string(window.kernel) + " stride " +
           std::to_string(window.stride) + ", " + std::to_string(size.ic) + " to " +
           std::to_string(size.oc);
  }

  /// Plain loops: `begin(oc)` before the products of a result, `product(input, filter)` with the
  /// places of its operands, `end(result)`.
  template <typename Begin, typename Product, typename End>
  void forEachResult(Begin begin, Product product, End end) const {
    const auto &[n, groups, ic, oc, height, width] = size;
    int64_t kernel = window.kernel, result = 0;
    for (int64_t image = 0; image < n; ++image)
      for (int64_t o = 0; o < oc; ++o)
        for (int64_t y = 0; y < outputHeight(); ++y)
          for (int64_t x = 0; x < outputWidth(); ++x) {
            begin(o);
            for (int64_t c = 0; c < channels(); ++c)
              for (int64_t tap = 0; tap < kernel * kernel; ++tap) {
                int64_t row = y * window.stride - window.pad + tap / kernel;
                int64_t column = x * window.stride - window.pad + tap % kernel;
                if (row < 0 || column < 0 || row >= height || column >= width)
                  continue;
                int64_t channel = o / (oc / groups) * channels() + c;
                product(((image * ic + channel) * height + row) * width + column,
                        (o * channels() + c) * kernel * kernel + tap);
              }
            end(result++);
          }
  }
};

/// A convolution of any size as a kernel, and what packs its filters.
class Kernels {
public:
  /// Buffers of the kernel: the input, packed filters, what `operands` reads, the result. `filter`
  /// is the element of filters before they are packed.
  Kernels(KernelHarness &harness, const ConvolutionSpec &spec, mlir::Type filter,
          llvm::ArrayRef<mlir::Type> types,
          llvm::function_ref<void(ConvolutionOperands &, Kernel &)> operands = nullptr)
      : plan(planConvolution(spec, harness.target)) {
    harness.add("convolution", types, 8, [&](Emitter &e, Kernel &k) {
      auto &d = k.dims;
      mlir::Value one = e.index(1);
      ConvolutionOperands ops{k.buffers[0],      k.buffers[1],     d[0], d[1], d[2], d[3],
                              {one, d[4], d[5]}, {one, d[6], d[7]}};
      if (operands)
        operands(ops, k);
      emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                      [&](mlir::Value sum, const PixelPosition &at) {
                        e.store(sum, k.buffers.back(), at.offset, at.mask);
                      });
    });
    harness.add("pack", {filter, types[1]}, 3, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, spec, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.begin,
                     k.end);
    });
    kernels = harness.compile();
  }

  /// Packs the filters as `Packed`, and computes with them; `others` are the buffers behind them.
  template <typename Packed>
  void run(const Case &c, const void *input, const void *filters,
           const std::vector<const void *> &others) {
    const Size &s = c.size;
    int64_t taps = c.window.kernel * c.window.kernel, outputs = s.oc / s.groups;
    GuardedArray<Packed> packed(plan.packedElements(s.groups, s.oc, c.channels(), taps));
    kernels.call(1, {filters, packed.data()}, {s.groups, s.oc, c.channels()}, 0,
                 s.groups * ((outputs + plan.panel - 1) / plan.panel));
    std::vector<const void *> buffers = {input, packed.data()};
    buffers.insert(buffers.end(), others.begin(), others.end());
    kernels.call(0, buffers,
                 {s.n, s.groups, s.ic, s.oc, s.h, s.w, c.outputHeight(), c.outputWidth()}, 0,
                 plan.gridPoints(s.n, s.groups, s.oc, 1, c.outputHeight(), c.outputWidth()),
                 plan.scratchBytes(c.channels()));
  }

private:
  ConvolutionPlan plan;
  LoadedKernels kernels;
};

} // namespace heddle::codegen::small

#endif // HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H
