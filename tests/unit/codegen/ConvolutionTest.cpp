// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions against plain loops.

#include <gtest/gtest.h>

#include "compiler/codegen/convolution/PlaneConvolution.h"
#include "tests/unit/codegen/PlainConvolutions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;
using namespace heddle::codegen::plain;

namespace {

class ConvolutionTest : public ::testing::TestWithParam<const char *> {};

struct Form {
  bool transposed = false;
  bool narrow = false; // tiles of several rows; of a known size
  bool plane = false;  // pixels in the lanes
  bool skipsPads = false;
  bool computesInput = false; // one more than what is in memory
};

void check(const char *cpu, const Window &w, const Form &form, const Size *known = nullptr) {
  {
    bool transposed = form.transposed;
    KernelHarness harness(cpu, 1);
    Type f32 = harness.f32();
    ConvolutionSpec spec{f32, w.window, w.stride, w.dilation, w.before, true};
    spec.padded = w.before != Spatial{0, 0, 0} || w.after != Spatial{0, 0, 0};
    spec.transposed = transposed;
    spec.skipsPads = form.skipsPads;
    spec.computesInput = form.computesInput;
    auto dimsOf = [&](const Size &s) {
      Spatial out = transposed ? transposedSize(s, w) : outputSize(s, w);
      return std::vector<int64_t>{s.n,        s.groups,   s.ic,   s.oc,   s.input[0],
                                  s.input[1], s.input[2], out[0], out[1], out[2]};
    };
    if (form.narrow)
      spec.narrowWidth = outputSize(*known, w)[2];
    ConvolutionPlan plan = planConvolution(spec, harness.target);
    PlanePlan planePlan = planPlaneConvolution(spec, harness.target);
    harness.add("convolution", {f32, f32, f32, f32}, 10, [&](Emitter &e, Kernel &k) {
      Values d = k.dims;
      for (size_t i = 0; known && i < d.size(); ++i)
        d[i] = e.index(dimsOf(*known)[i]);
      ConvolutionOperands ops{k.buffers[0],       k.buffers[1],      d[0], d[1], d[2], d[3],
                              {d[4], d[5], d[6]}, {d[7], d[8], d[9]}};
      if (form.computesInput)
        ops.inputAt = [&](Emitter &e, const PixelPosition &at) {
          Value offset = e.add(e.mul(at.n, d[2]), at.channel);
          for (int i = 0; i < 3; ++i)
            offset = e.add(e.mul(offset, ops.inputSize[i]), at.pixel[i]);
          Value one = arith::ConstantOp::create(e.builder, e.loc, e.builder.getF32FloatAttr(1));
          return arith::AddFOp::create(e.builder, e.loc,
                                       e.load(ops.input, offset, at.lanes, at.mask),
                                       e.broadcast(one, at.lanes));
        };
      auto sink = [&](Value acc, const PixelPosition &at) {
        Value bias = e.broadcast(e.load(k.buffers[2], at.channel), at.lanes);
        e.store(arith::AddFOp::create(e.builder, e.loc, acc, bias), k.buffers[3], at.offset,
                at.mask);
      };
      auto emit = form.plane ? emitPlaneConvolution : emitConvolution;
      emit(e, spec, ops, k.begin, k.end, k.scratch, sink);
    });
    harness.add("pack", {f32, f32}, 3, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, spec, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.begin,
                     k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : known ? ArrayRef<Size>(*known) : ArrayRef<Size>(kSizes)) {
      Spatial out = outputSize(s, w);
      if (transposed)
        out = transposedSize(s, w);
      if (out[0] <= 0 || out[1] <= 0 || out[2] <= 0)
        continue;
      SCOPED_TRACE(testing::Message()
                   << "window " << w.window[1] << "x" << w.window[2] << ", channels " << s.ic
                   << " to " << s.oc << ", " << s.input[1] << "x" << s.input[2]);
      int64_t taps = w.window[0] * w.window[1] * w.window[2], channels = s.ic / s.groups;
      size_t inputs = s.n * s.ic * s.input[0] * s.input[1] * s.input[2];
      auto x = randomArray(inputs, 1), computed = randomArray(inputs, 1);
      for (float &value : computed)
        value += form.computesInput ? 1.0f : 0.0f;
      auto f = randomArray(s.oc * channels * taps, 2), bias = randomArray(s.oc, 3);
      std::vector<double> want = transposed ? transposedReference(s, w, out, x, f, bias)
                                            : reference(s, w, computed, f, bias);
      GuardedArray<float> packed(plan.packedElements(s.groups, s.oc, channels, taps));
      kernels.call(1, {f.data(), packed.data()}, {s.groups, s.oc, channels}, 0,
                   s.groups * ((s.oc / s.groups + plan.panel - 1) / plan.panel));
      GuardedArray<float> y(want.size()), again(want.size());
      std::vector<int64_t> dims = dimsOf(s);
      int64_t points = form.plane
                           ? planePlan.gridPoints(s.n, s.groups, s.oc, out[0], out[1], out[2])
                           : plan.gridPoints(s.n, s.groups, s.oc, out[0], out[1], out[2]);
      int64_t scratch = form.plane ? planePlan.scratchBytes(channels) : plan.scratchBytes(channels);
      kernels.call(0, {x.data(), packed.data(), bias.data(), y.data()}, dims, 0, points, scratch);
      for (size_t i = 0; i < want.size(); ++i)
        ASSERT_NEAR(y[i], want[i], 1e-4) << i;
      for (int64_t point = points - 1; point >= 0; --point)
        kernels.call(0, {x.data(), packed.data(), bias.data(), again.data()}, dims, point,
                     point + 1, scratch);
      for (size_t i = 0; i < want.size(); ++i)
        ASSERT_EQ(y[i], again[i]) << i;
    }
  }
}

TEST_P(ConvolutionTest, AgreesWithPlainLoops) {
  for (const Window &w : kWindows)
    check(GetParam(), w, {});
}
TEST_P(ConvolutionTest, Transposed) {
  for (const Window &w : kTransposedWindows)
    check(GetParam(), w, {.transposed = true});
}

TEST_P(ConvolutionTest, KnownSizes) {
  for (const Size &size : kSizes) {
    check(GetParam(), kWindows[0], {}, &size);
    check(GetParam(), kWindows[0], {.plane = true}, &size);
    check(GetParam(), kTransposedWindows[1], {.transposed = true}, &size);
  }
}

// Filters are twice the input: points run over several blocks of pixels first, of images and groups.
TEST_P(ConvolutionTest, MoreFiltersThanPixels) {
  const Size size{2, 2, 10, 600, {1, 9, 15}};
  const Window pointwise{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  check(GetParam(), pointwise, {}, &size);
  const Size wide{1, 1, 3, 700, {2, 3, 115}};
  const Window apart{{1, 1, 1}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  check(GetParam(), apart, {}, &wide);
}

// Rows up to those that just fit in a tile, of one pixel, and blocks that are not whole.
TEST_P(ConvolutionTest, NarrowRows) {
  const Size sizes[] = {{2, 1, 17, 33, {1, 9, 7}},
                        {1, 1, 16, 70, {3, 11, 4}},
                        {1, 2, 10, 6, {1, 40, 3}},
                        {1, 1, 5, 20, {1, 70, 1}},
                        {1, 1, 40, 24, {1, 9, 5}}};
  const Window windows[] = {kWindows[0],
                            {{1, 3, 3}, {1, 2, 1}, {1, 1, 1}, {0, 1, 1}, {0, 0, 1}},
                            {{1, 3, 1}, {1, 1, 1}, {1, 2, 1}, {0, 0, 0}, {0, 0, 0}},
                            {{2, 3, 3}, {2, 1, 2}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}};
  for (const Window &w : windows)
    for (const Size &size : sizes)
      check(GetParam(), w, {.narrow = true}, &size);
}

// Tiles most of whose windows are pads, rows and columns apart, and rows between them that none reads.
TEST_P(ConvolutionTest, WidelyDilated) {
  const Window windows[] = {{{1, 3, 3}, {1, 1, 1}, {1, 18, 18}, {0, 18, 18}, {0, 18, 18}},
                            {{1, 3, 3}, {1, 2, 2}, {1, 12, 9}, {0, 12, 9}, {0, 12, 9}},
                            {{3, 3, 3}, {1, 1, 1}, {2, 6, 5}, {2, 6, 5}, {2, 6, 5}}};
  const Size sizes[] = {{1, 1, 17, 33, {1, 28, 28}}, {2, 2, 6, 18, {3, 20, 13}}};
  const Size narrow{1, 1, 17, 33, {1, 13, 5}};
  for (const Window &w : windows) {
    for (bool skipsPads : {false, true}) {
      check(GetParam(), w, {.narrow = true, .skipsPads = skipsPads}, &narrow);
      for (const Size &size : sizes)
        check(GetParam(), w, {.skipsPads = skipsPads}, &size);
    }
    for (const Size &size : sizes)
      check(GetParam(), w, {.plane = true}, &size);
  }
}

// In copies that would not be made else, beside pads, which stay zero, and in narrow rows.
TEST_P(ConvolutionTest, ComputedInput) {
  for (const Window &w : kWindows)
    check(GetParam(), w, {.computesInput = true});
  const Window pointwise{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
  check(GetParam(), pointwise, {.computesInput = true});
  const Size sizes[] = {{2, 1, 100, 33, {1, 9, 7}}, {1, 2, 40, 70, {2, 11, 4}}};
  for (const Size &size : sizes)
    for (const Window &w : {pointwise, kWindows[0]}) {
      check(GetParam(), w, {.computesInput = true}, &size);
      check(GetParam(), w, {.narrow = true, .computesInput = true}, &size);
    }
}

TEST_P(ConvolutionTest, PixelsInLanes) {
  for (const Window &w : kWindows)
    check(GetParam(), w, {.plane = true});
  check(GetParam(), {{1, 3, 3}, {1, 2, 1}, {1, 1, 1}, {0, 1, 1}, {0, 0, 1}}, {.plane = true});
  // Columns of windows in several phases of the stride, some with none.
  check(GetParam(), {{1, 3, 4}, {1, 1, 3}, {1, 1, 3}, {0, 1, 2}, {0, 1, 5}}, {.plane = true});
  check(GetParam(), {{1, 1, 3}, {1, 3, 5}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}, {.plane = true});
}

INSTANTIATE_TEST_SUITE_P(Targets, ConvolutionTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
