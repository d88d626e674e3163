// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/KernelBenchmark.h"

#include <chrono>
#include <cstdio>
#include <cstring>

#include "compiler/codegen/convolution/PlaneConvolution.h"
#include "compiler/codegen/convolution/Window.h"
#include "compiler/codegen/convolution/Winograd.h"
#include "compiler/codegen/matmul/Matmul.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

struct Shape {
  const char *name;
  int64_t window, stride, padding, ic, oc, size;
};

const Shape kShapes[] = {
    {"3x3 64ch 56x56", 3, 1, 1, 64, 64, 56},
    {"3x3 128ch 28x28", 3, 1, 1, 128, 128, 28},
    {"3x3 256ch 14x14", 3, 1, 1, 256, 256, 14},
    {"3x3 512ch 7x7", 3, 1, 1, 512, 512, 7},
    {"3x3 97ch 13x13", 3, 1, 1, 97, 100, 13},
    {"3x3 24ch 112x112", 3, 1, 1, 24, 24, 112},
    {"3x3 stride 2 64->128 56x56", 3, 2, 1, 64, 128, 56},
    {"3x3 64ch 224x224", 3, 1, 1, 64, 64, 224},
    {"3x3 128ch 112x112", 3, 1, 1, 128, 128, 112},
    {"3x3 stem 3->64 224x224", 3, 1, 1, 3, 64, 224},
    {"3x3 stem stride 2 3->64 224x224", 3, 2, 0, 3, 64, 224},
    {"3x3 stem stride 2 3->24 224x224", 3, 2, 1, 3, 24, 224},
    {"3x3 stem 12->16 208x208", 3, 1, 1, 12, 16, 208},
    {"7x7 stem 3->64 224x224", 7, 2, 3, 3, 64, 224},
    {"1x1 stride 2 256->512 56x56", 1, 2, 0, 256, 512, 56},
    {"1x1 64->256 56x56", 1, 1, 0, 64, 256, 56},
    {"1x1 256->1024 14x14", 1, 1, 0, 256, 1024, 14},
    {"1x1 1024->256 14x14", 1, 1, 0, 1024, 256, 14},
    {"1x1 512->1000 13x13", 1, 1, 0, 512, 1000, 13},
    {"1x1 512->2048 7x7", 1, 1, 0, 512, 2048, 7},
};

/// With output channels in the lanes, with pixels, or by F(2x2, 3x3), whose rate counts the products of
/// the others.
enum class Form { Channels, Plane, Winograd };

class ConvolutionRunner {
public:
  ConvolutionRunner(Meter &meter, const std::string &cpu, const Shape &s,
                    Form form = Form::Channels) {
    std::string name = std::string(form == Form::Plane      ? "plane conv "
                                   : form == Form::Winograd ? "winograd "
                                                            : "conv ") +
                       s.name;
    if (!meter.wanted(name))
      return;
    KernelHarness harness(cpu);
    harness.fillsRegisters = true; // as in a program
    Type f32 = harness.f32();
    ConvolutionSpec spec{f32};
    spec.window = {1, s.window, s.window};
    spec.stride = {1, s.stride, s.stride};
    spec.padding = {0, s.padding, s.padding};
    spec.padded = s.padding != 0;
    int64_t out = (s.size + 2 * s.padding - s.window) / s.stride + 1, taps = s.window * s.window;
    bool flat = s.window == 1 && s.stride == 1; // one long row
    int64_t h = flat ? 1 : s.size, w = flat ? s.size * s.size : s.size;
    int64_t oh = flat ? 1 : out, ow = flat ? out * out : out;
    std::vector<int64_t> dims{1, 1, s.ic, s.oc, 1, h, w, 1, oh, ow};
    ConvolutionPlan packed = planConvolution(spec, harness.target);
    ConvolutionBlocks plan = packed;
    size_t filters = packed.packedElements(1, s.oc, s.ic, taps);
    if (form == Form::Plane)
      plan = planPlaneConvolution(spec, harness.target);
    WinogradSpec tiles{spec, s.ic, s.oc, oh, ow, /*joinsRows=*/true};
    if (form == Form::Winograd) {
      WinogradPlan winograd = planWinograd(tiles, harness.target);
      filters = winograd.packedElements;
      plan = winograd;
    }
    harness.add("convolution", {f32, f32, f32}, 10, [&](Emitter &e, Kernel &k) {
      Values d;
      for (auto [value, size] : llvm::zip(k.dims, dims))
        d.push_back(meter.knownSizes ? e.index(size) : value);
      ConvolutionOperands ops{k.buffers[0],       k.buffers[1],      d[0], d[1], d[2], d[3],
                              {d[4], d[5], d[6]}, {d[7], d[8], d[9]}};
      auto sink = [&](Value acc, const PixelPosition &at) {
        e.store(acc, k.buffers[2], at.offset, at.mask);
      };
      if (form == Form::Winograd)
        emitWinograd(e, tiles, ops, k.begin, k.end, k.scratch, sink);
      else
        (form == Form::Plane ? emitPlaneConvolution : emitConvolution)(e, spec, ops, k.begin, k.end,
                                                                       k.scratch, sink);
    });
    auto start = std::chrono::steady_clock::now();
    LoadedKernels kernels = harness.compile();
    double compile =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::vector<float> x(s.ic * s.size * s.size, 0.5f), y(s.oc * out * out);
    std::vector<float> f(filters, 0.25f);
    std::vector<const void *> buffers{x.data(), f.data(), y.data()};
    void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.ic) + 63) / 64 * 64);
    int64_t points = plan.gridPoints(1, 1, s.oc, 1, oh, ow);
    if (!meter.json)
      std::printf("[%4.0f ms] ", compile * 1e3);
    meter.measure(name, {2.0 * s.ic * s.oc * out * out * taps}, [&] {
      std::memset(scratch, 0, sizeof(int64_t)); // holds no patch
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
    });
    std::free(scratch);
  }
};

// u8 pixels, s8 filters, exact sums.
void ofBytes(Meter &meter, const std::string &cpu, const Shape &s) {
  std::string name = std::string("byte conv ") + s.name;
  if (!meter.wanted(name))
    return;
  KernelHarness harness(cpu);
  Type i8 = harness.integer(8), i32 = harness.integer(32);
  ConvolutionSpec spec{i8};
  spec.window = {1, s.window, s.window};
  spec.stride = {1, s.stride, s.stride};
  spec.padding = {0, s.padding, s.padding};
  ConvolutionPlan plan = planConvolution(spec, harness.target);
  harness.add("convolution", {i8, i8, i32}, 6, [&](Emitter &e, Kernel &k) {
    auto &d = k.dims;
    Value one = e.index(1);
    ConvolutionOperands ops{k.buffers[0],      k.buffers[1],     one, one, d[0], d[1],
                            {one, d[2], d[3]}, {one, d[4], d[5]}};
    ops.inputZeroPoint = [](Emitter &e) {
      return arith::ConstantIntOp::create(e.builder, e.loc, 7, 32);
    };
    emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                    [&](Value acc, const PixelPosition &at) {
                      e.store(acc, k.buffers[2], at.offset, at.mask);
                    });
  });
  LoadedKernels kernels = harness.compile();
  int64_t out = (s.size + 2 * s.padding - s.window) / s.stride + 1, taps = s.window * s.window;
  std::vector<int8_t> x(s.ic * s.size * s.size, 3), f(plan.packedElements(1, s.oc, s.ic, taps), 5);
  std::vector<int32_t> y(s.oc * out * out);
  std::vector<const void *> buffers{x.data(), f.data(), y.data()};
  std::vector<int64_t> dims{s.ic, s.oc, s.size, s.size, out, out};
  void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.ic) + 63) / 64 * 64);
  int64_t points = plan.gridPoints(1, 1, s.oc, 1, out, out);
  meter.measure(name, {2.0 * s.ic * s.oc * out * out * taps}, [&] {
    std::memset(scratch, 0, sizeof(int64_t)); // holds no patch
    kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
  });
  std::free(scratch);
}

// 1x1 with stride 1: filters [OC, IC] times pixels [IC, H * W].
void pointwise(Meter &meter, const std::string &cpu) {
  KernelHarness harness(cpu);
  Type f32 = harness.f32();
  MatmulSpec spec{f32, f32, f32, MatrixLayout::RowMajor, MatrixLayout::RowMajor};
  MatmulPlan plan = planMatmul(spec, harness.target);
  harness.add("product", {f32, f32, f32}, 4, [&](Emitter &e, Kernel &k) {
    MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
    emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
      e.store(acc, k.buffers[2], at.offset, at.mask);
    });
  });
  LoadedKernels kernels = harness.compile();
  for (const Shape &s : kShapes) {
    std::string name = std::string("conv as matmul ") + s.name;
    if (s.window != 1 || !meter.wanted(name))
      continue;
    int64_t pixels = s.size * s.size;
    std::vector<float> x(s.ic * pixels, 0.5f), y(s.oc * pixels), f(s.oc * s.ic, 0.25f);
    std::vector<const void *> buffers{f.data(), x.data(), y.data()};
    std::vector<int64_t> dims{1, s.oc, pixels, s.ic};
    void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.ic) + 63) / 64 * 64);
    int64_t points = plan.gridPoints(1, s.oc, pixels);
    meter.measure(name, {2.0 * s.ic * s.oc * pixels}, [&] {
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
    });
    std::free(scratch);
  }
}

const Shape kDepthwise[] = {
    {"3x3 32ch 112x112", 3, 1, 1, 32, 32, 112}, {"3x3 144ch 56x56", 3, 1, 1, 144, 144, 56},
    {"3x3 240ch 28x28", 3, 1, 1, 240, 240, 28}, {"3x3 stride 2 96ch 112x112", 3, 2, 1, 96, 96, 112},
    {"5x5 240ch 14x14", 5, 1, 2, 240, 240, 14}, {"5x5 960ch 7x7", 5, 1, 2, 960, 960, 7}};

void depthwise(Meter &meter, const std::string &cpu, const Shape &s) {
  std::string name = std::string("depthwise ") + s.name;
  if (!meter.wanted(name))
    return;
  KernelHarness harness(cpu);
  Type f32 = harness.f32();
  WindowSpec spec{f32, f32};
  spec.window = {1, s.window, s.window};
  spec.stride = {1, s.stride, s.stride};
  spec.padding = {0, s.padding, s.padding};
  WindowPlan plan = planWindow(spec, harness.target);
  harness.add("depthwise", {f32, f32, f32}, 6, [&](Emitter &e, Kernel &k) {
    auto &d = k.dims;
    Value one = e.index(1);
    WindowOperands ops{k.buffers[0], d[0], d[1], {}, {one, d[2], d[3]}, {one, d[4], d[5]}};
    emitDepthwise(e, spec, ops, k.buffers[1], k.begin, k.end, k.scratch,
                  [&](Value acc, const PixelPosition &at) {
                    e.store(acc, k.buffers[2], at.offset, at.mask);
                  });
  });
  LoadedKernels kernels = harness.compile();
  int64_t out = (s.size + 2 * s.padding - s.window) / s.stride + 1;
  std::vector<float> x(s.ic * s.size * s.size, 0.5f), y(s.ic * out * out);
  std::vector<float> f(s.ic * s.window * s.window, 0.25f);
  std::vector<const void *> buffers{x.data(), f.data(), y.data()};
  std::vector<int64_t> dims{1, s.ic, s.size, s.size, out, out};
  void *scratch = std::aligned_alloc(64, (plan.scratchBytes + 63) / 64 * 64);
  int64_t points = plan.gridPoints(s.ic, 1, out, out);
  auto run = [&] {
    kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
  };
  meter.measure(name, {2.0 * s.ic * out * out * s.window * s.window}, run);
  meter.measure(name, {4.0 * (x.size() + y.size()), true}, run);
  std::free(scratch);
}

} // namespace

void benchmarkConvolution(Meter &meter, const std::string &cpu) {
  for (const Shape &shape : kDepthwise)
    depthwise(meter, cpu, shape);
  for (const Shape &shape : kShapes)
    ConvolutionRunner(meter, cpu, shape);
  for (const Shape &shape : kShapes)
    if (shape.window > 1)
      ConvolutionRunner(meter, cpu, shape, Form::Plane);
  for (const Shape &shape : kShapes)
    if (shape.window == 3 && shape.stride == 1)
      ConvolutionRunner(meter, cpu, shape, Form::Winograd);
  pointwise(meter, cpu);
  for (const Shape &shape : kShapes)
    ofBytes(meter, cpu, shape);
}

} // namespace heddle::codegen
