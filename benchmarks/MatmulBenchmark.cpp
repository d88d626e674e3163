// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/KernelBenchmark.h"

#include <cstdio>

#include "benchmarks/peer/OneDnn.h"
#include "compiler/codegen/matmul/Matmul.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

struct Shape {
  int64_t m, n, k;
};

// Square, ragged and networks' layers. FewRowsBenchmark.cpp has the rest.
const Shape kPacked[] = {{1024, 1024, 1024}, {960, 960, 960},  {1000, 1000, 1000}, {513, 513, 513},
                         {255, 255, 255},    {127, 127, 127},  {100, 100, 100},    {97, 97, 97},
                         {256, 256, 256},    {64, 64, 64},     {128, 3072, 768},   {128, 768, 3072},
                         {128, 384, 384},    {128, 1536, 384}, {16, 1536, 384},    {16, 384, 1536},
                         {3136, 256, 64},    {512, 512, 4096}};

// Attention: 12 heads of 64, as scores (B transposed) and values (B in place).
const Shape kScores[] = {{128, 128, 64}, {512, 512, 64}, {1, 1024, 64}};
const Shape kValues[] = {{128, 64, 128}, {512, 64, 512}, {1, 64, 1024}};

void unpacked(Meter &meter, const std::string &cpu, MatrixLayout layout, const char *what,
              llvm::ArrayRef<Shape> shapes) {
  KernelHarness harness(cpu);
  Type f32 = harness.f32();
  MatmulSpec spec{f32, f32, f32, MatrixLayout::RowMajor, layout};
  MatmulPlan plan = planMatmul(spec, harness.target);
  addProduct(harness, spec);
  LoadedKernels kernels = harness.compile();
  for (const Shape &s : shapes) {
    std::string name = std::string(what) + " 12x" + std::to_string(s.m) + "x" +
                       std::to_string(s.n) + "x" + std::to_string(s.k);
    std::vector<float> a(12 * s.m * s.k, 0.5f), b(12 * s.n * s.k, 0.25f), c(12 * s.m * s.n);
    std::vector<const void *> buffers{a.data(), b.data(), c.data()};
    std::vector<int64_t> dims{12, s.m, s.n, s.k};
    void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.k) + 63) / 64 * 64);
    int64_t points = plan.gridPoints(12, s.m, s.n);
    bool bytes = s.m == 1;
    meter.measure(name, {bytes ? 4.0 * b.size() : 24.0 * s.m * s.n * s.k, bytes}, [&] {
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
    });
    std::free(scratch);
  }
}

void ofBytes(Meter &meter, const std::string &cpu) {
  KernelHarness harness(cpu);
  Type i8 = harness.integer(8), i32 = harness.integer(32);
  MatmulSpec spec{i8, i8, i32};
  MatmulPlan plan = planMatmul(spec, harness.target);
  harness.add("product", {i8, i8, i32, i32}, 4, [&](Emitter &e, Kernel &k) {
    MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
    ops.aZeroPoint = [&](Emitter &e, Value) { return e.load(k.buffers[3], e.index(0)); };
    emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
      e.store(acc, k.buffers[2], at.offset, at.mask);
    });
  });
  LoadedKernels kernels = harness.compile();
  for (const Shape &s : {Shape{1024, 1024, 1024}, Shape{128, 768, 768}, Shape{128, 3072, 768},
                         Shape{1, 768, 768}, Shape{16, 768, 768}}) {
    std::string name =
        "bytes " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
    std::vector<int8_t> a(s.m * s.k, 3), b(plan.packedElements(s.k, s.n), 5);
    std::vector<int32_t> c(s.m * s.n), zero(1, 7);
    std::vector<const void *> buffers{a.data(), b.data(), c.data(), zero.data()};
    std::vector<int64_t> dims{1, s.m, s.n, s.k};
    void *scratch = std::aligned_alloc(64, (plan.scratchBytes(s.k) + 63) / 64 * 64);
    int64_t points = plan.gridPoints(1, s.m, s.n);
    meter.measure(name, {2.0 * s.m * s.n * s.k}, [&] {
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, scratch);
    });
    std::free(scratch);
  }
}

} // namespace

void addProduct(KernelHarness &harness, const MatmulSpec &spec,
                std::optional<WeightSizes> weights) {
  Type f32 = harness.f32();
  harness.add("product", {f32, f32, f32}, 4, [&](Emitter &e, Kernel &k) {
    MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
    if (weights) {
      ops.n = e.index(weights->n);
      ops.k = e.index(weights->k);
    }
    emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
      e.store(acc, k.buffers[2], at.offset, at.mask);
    });
  });
}

void benchmarkMatmul(Meter &meter, const std::string &cpu) {
  unpacked(meter, cpu, MatrixLayout::Transposed, "scores", kScores);
  unpacked(meter, cpu, MatrixLayout::RowMajor, "values", kValues);
  ofBytes(meter, cpu);
  llvm::SmallVector<Shape> shapes(std::begin(kPacked), std::end(kPacked));
  // A shape that is asked for by its name is measured, be it in the list or not.
  Shape asked{};
  if (std::sscanf(meter.filter.c_str(), "matmul %ldx%ldx%ld", &asked.m, &asked.n, &asked.k) == 3)
    shapes.assign(1, asked);
  for (const Shape &s : shapes) {
    std::string name =
        "matmul " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
    if (!meter.wanted(name))
      continue;
    KernelHarness harness(cpu);
    MatmulSpec spec{harness.f32(), harness.f32(), harness.f32()};
    MatmulPlan plan = planMatmul(spec, harness.target);
    addProduct(harness, spec, WeightSizes{s.k, s.n});
    LoadedKernels kernels = harness.compile();
    Floats a(s.m * s.k, 0.5f), b(plan.packedElements(s.k, s.n), 0.25f), c(s.m * s.n);
    std::vector<const void *> buffers{a.data(), b.data(), c.data()};
    std::vector<int64_t> dims{1, s.m, s.n, s.k};
    std::vector<char> scratch(plan.scratchBytes(s.k) + 64);
    void *aligned = reinterpret_cast<void *>((uintptr_t(scratch.data()) + 63) / 64 * 64);
    int64_t points = plan.gridPoints(1, s.m, s.n);
    auto product = [&] {
      kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(), 0, points, aligned);
    };
    meter.measure(name, {2.0 * s.m * s.n * s.k}, product, oneDnnProducts(s.m, s.n, s.k));
  }
}

} // namespace heddle::codegen
