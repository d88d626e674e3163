// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tests of Winograd's minimal filtering share: the same convolution directly and in plain
// loops in double precision, inputs, and results that are not finite.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_MINIMALFILTERING_H
#define HEDDLE_TESTS_UNIT_CODEGEN_MINIMALFILTERING_H

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/convolution/Convolution.h"
#include "tests/unit/codegen/KernelHarness.h"

namespace heddle::codegen {

using Array = GuardedArray<float>;

inline Array randomArray(size_t size, unsigned seed, float low = -1, float high = 1) {
  Array array(size);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  for (float &value : array)
    value = uniform(random);
  return array;
}

/// NaN and infinities are where direct convolution has them, and as many as one input of this kind
/// makes; the rest differs by rounding.
inline void expectSameKinds(const Array &y, const Array &want, float kind) {
  size_t notFinite = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    notFinite += !std::isfinite(want[i]);
    ASSERT_EQ(std::isnan(y[i]), std::isnan(want[i])) << i;
    if (std::isinf(want[i]) || std::isinf(y[i]))
      ASSERT_EQ(y[i], want[i]) << i;
    else if (std::isfinite(want[i]))
      ASSERT_NEAR(y[i], want[i], 1e-5 * std::max(1.0f, std::abs(want[i]))) << i;
  }
  if (std::abs(kind) > 3e38f || std::isnan(kind))
    EXPECT_GT(notFinite, 0u);
}

/// A convolution of one group whose window moves by one.
struct Filtering {
  int64_t n, channels, outputs, height, width;
  Spatial window, before, after;

  int64_t outputHeight() const { return height + before[1] + after[1] - window[1] + 1; }
  int64_t outputWidth() const { return width + before[2] + after[2] - window[2] + 1; }
  int64_t taps() const { return window[1] * window[2]; }
  size_t results() const { return n * outputs * outputHeight() * outputWidth(); }
};

/// Computes it directly. A test's own class adds kernels for minimal filtering, and compiles.
class DirectFiltering {
public:
  Array input(unsigned seed, float low = -1, float high = 1) const {
    return randomArray(f.n * f.channels * f.height * f.width, seed, low, high);
  }
  Array filters(unsigned seed) const {
    return randomArray(f.outputs * f.channels * f.taps(), seed);
  }

  Array direct(const Array &x, const Array &weights) {
    Array packed(plan.packedElements(1, f.outputs, f.channels, f.taps())), y(f.results());
    kernels.call(kPack, {weights.data(), packed.data()}, {}, 0, panels(plan.panel));
    run(kDirect, plan.gridPoints(f.n, 1, f.outputs, 1, f.outputHeight(), f.outputWidth()),
        plan.scratchBytes(f.channels), x, packed, y);
    return y;
  }

  std::vector<double> exact(const Array &x, const Array &weights) const {
    std::vector<double> y;
    for (int64_t n = 0; n < f.n; ++n)
      for (int64_t o = 0; o < f.outputs; ++o)
        for (int64_t row = 0; row < f.outputHeight(); ++row)
          for (int64_t column = 0; column < f.outputWidth(); ++column) {
            double sum = 0;
            for (int64_t c = 0; c < f.channels; ++c)
              for (int64_t tap = 0; tap < f.taps(); ++tap) {
                int64_t h = row + tap / f.window[2] - f.before[1];
                int64_t w = column + tap % f.window[2] - f.before[2];
                if (h >= 0 && w >= 0 && h < f.height && w < f.width)
                  sum += double(x[((n * f.channels + c) * f.height + h) * f.width + w]) *
                         weights[(o * f.channels + c) * f.taps() + tap];
              }
            y.push_back(sum);
          }
    return y;
  }

protected:
  enum { kDirect, kPack, kFirstOwn };

  /// `known`: kernels have the sizes as constants.
  DirectFiltering(const char *cpu, const Filtering &filtering, bool known = true)
      : f(filtering), harness(cpu, 1), known(known) {
    mlir::Type f32 = harness.f32();
    convolution = {f32, f.window, {1, 1, 1}, {1, 1, 1}, f.before, true};
    convolution.padded = f.before != Spatial{0, 0, 0} || f.after != Spatial{0, 0, 0};
    plan = planConvolution(convolution, harness.target);
    addFiltering("direct",
                 [&](Emitter &e, Kernel &k, const ConvolutionOperands &operands, PixelSink sink) {
                   emitConvolution(e, convolution, operands, k.begin, k.end, k.scratch, sink);
                 });
    harness.add("pack", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, convolution, k.buffers[0], k.buffers[1], e.index(1), e.index(f.outputs),
                     e.index(f.channels), k.begin, k.end);
    });
  }

  using Emit =
      llvm::function_ref<void(Emitter &, Kernel &, const ConvolutionOperands &, PixelSink)>;
  /// A kernel of input, packed weights and result.
  void addFiltering(const char *name, Emit emit) {
    mlir::Type f32 = harness.f32();
    harness.add(name, {f32, f32, f32}, 5, [&](Emitter &e, Kernel &k) {
      mlir::Value one = e.index(1);
      Values d = k.dims;
      for (size_t i = 0; known && i < d.size(); ++i)
        d[i] = e.index(sizes()[i]);
      ConvolutionOperands operands{
          k.buffers[0],      k.buffers[1],     d[0], one, e.index(f.channels), e.index(f.outputs),
          {one, d[1], d[2]}, {one, d[3], d[4]}};
      emit(e, k, operands, [&](mlir::Value sum, const PixelPosition &at) {
        e.store(sum, k.buffers[2], at.offset, at.mask);
      });
    });
  }

  int64_t panels(int64_t panel) const { return (f.outputs + panel - 1) / panel; }

  /// All points of a kernel's grid, in one call or each alone, the last one first.
  void run(int kernel, int64_t points, int64_t scratch, const Array &x, const Array &packed,
           Array &y, bool backwards = false) {
    std::vector<const void *> buffers = {x.data(), packed.data(), y.data()};
    for (int64_t point = points - 1; backwards && point >= 0; --point)
      kernels.call(kernel, buffers, sizes(), point, point + 1, scratch);
    if (!backwards)
      kernels.call(kernel, buffers, sizes(), 0, points, scratch);
  }

  const Filtering f;
  KernelHarness harness;
  ConvolutionSpec convolution;
  ConvolutionPlan plan;
  LoadedKernels kernels;

private:
  std::vector<int64_t> sizes() const {
    return {f.n, f.height, f.width, f.outputHeight(), f.outputWidth()};
  }
  bool known;
};

} // namespace heddle::codegen

#endif // HEDDLE_TESTS_UNIT_CODEGEN_MINIMALFILTERING_H
