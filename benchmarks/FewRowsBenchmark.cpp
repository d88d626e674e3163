// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of few rows with packed weights, beside what a plain read of the same memory and the
// peak of the multiply-adds allow, measured in turns. One and two threads, each with half of it.
#include "benchmarks/KernelBenchmark.h"

#include <algorithm>
#include <cstdio>

#include "benchmarks/peer/OneDnn.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Elements that a grid point of a plain read adds up, and the vectors of a step.
constexpr int64_t kReadBlock = 24576, kReadVectors = 24;
/// Memory is fastest when read in some runs at once; how many is up to the CPU.
constexpr int64_t kRuns[] = {1, 3, 8};

void addRead(KernelHarness &harness, int64_t runs) {
  Type f32 = harness.f32();
  int64_t lanes = harness.target.vectorBytes() / 4;
  int64_t perRun = kReadVectors / runs;
  harness.add("read" + std::to_string(runs), {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    Values zeros(kReadVectors, e.zero(e.vector(f32, lanes)));
    Value length = e.index(kReadBlock / runs);
    Values total = e.loop(k.begin, k.end, e.index(1), zeros, [&](Value block, ValueRange carried) {
      Value start = e.mul(block, kReadBlock);
      return e.loop(
          e.index(0), length, e.index(perRun * lanes), carried, [&](Value at, ValueRange sums) {
            Values next;
            for (int64_t run = 0; run < runs; ++run)
              for (int64_t i = 0; i < perRun; ++i) {
                Value place = e.add(start, run * (kReadBlock / runs) + i * lanes);
                Value read = e.load(k.buffers[0], e.add(place, at), lanes);
                next.push_back(arith::AddFOp::create(e.builder, e.loc, sums[next.size()], read));
              }
            return next;
          });
    });
    for (int64_t i = 0; i < kReadVectors; ++i)
      e.store(total[i], k.buffers[1], e.index(i * lanes));
  });
}

class FewRows {
public:
  FewRows(Meter &meter, const std::string &cpu, WeightSizes sizes)
      : meter(meter), harness(cpu), spec{harness.f32(), harness.f32(), harness.f32()},
        plan(planMatmul(spec, harness.target)), sizes(sizes) {}

  void run(llvm::ArrayRef<int64_t> rows) {
    auto [k, n] = sizes;
    int64_t elements = plan.packedElements(k, n);
    weights.assign((elements + kReadBlock - 1) / kReadBlock * kReadBlock, 0.25f);
    for (int64_t m : rows)
      for (int threads : {1, 2})
        run(m, k, n, threads);
  }

private:
  LoadedKernels compile() {
    addProduct(harness, spec, sizes);
    for (int64_t runs : kRuns)
      addRead(harness, runs);
    return harness.compile();
  }

  void run(int64_t m, int64_t k, int64_t n, int threads) {
    std::string name = "few " + std::to_string(m) + "x" + std::to_string(n) + "x" +
                       std::to_string(k) + " on " + std::to_string(threads);
    if (!meter.wanted(name))
      return;
    if (!compiled)
      compiled = compile();
    LoadedKernels &kernels = *compiled;
    Floats a(m * k, 0.5f), c(m * n), sums(threads * 1024);
    std::vector<const void *> buffers{a.data(), weights.data(), c.data()};
    std::vector<int64_t> dims{1, m, n, k};
    int64_t points = plan.gridPoints(1, m, n);
    int64_t blocks = static_cast<int64_t>(weights.size()) / kReadBlock;
    size_t scratchBytes = (plan.scratchBytes(k) + 4095) / 4096 * 4096;
    char *scratch = static_cast<char *>(std::aligned_alloc(64, scratchBytes * threads));
    std::vector<SharedSide> sides{{"heddle", [&](int thread) {
                                     kernels.entry(0)(const_cast<void *const *>(buffers.data()),
                                                      dims.data(), points * thread / threads,
                                                      points * (thread + 1) / threads,
                                                      scratch + scratchBytes * thread);
                                   }}};
    for (size_t i = 0; i < std::size(kRuns); ++i)
      sides.push_back({"read", [&, i](int thread) {
                         void *const of[] = {weights.data(), sums.data() + thread * 1024};
                         kernels.entry(1 + i)(of, nullptr, blocks * thread / threads,
                                              blocks * (thread + 1) / threads, nullptr);
                       }});
    sides.push_back({"peak", [peak = meter.peak().run](int) { peak(); }});
    std::vector<Times> times = Turns(threads, meter.seconds).measure(sides);

    double read = 1e9, peak = 0;
    std::vector<std::string> names;
    std::vector<Times> ofSides;
    for (auto [side, time] : llvm::zip(sides, times)) {
      if (side.name == "read") {
        read = std::min(read, time.best);
      } else if (side.name == "peak") {
        peak = meter.peakOperations() * threads / time.best;
      } else {
        names.push_back(side.name);
        ofSides.push_back(time);
      }
    }
    // Not in turns with the others: it reads copies of the weights, and whoever comes next would
    // find the third cache full of them.
    if (threads == 1) {
      std::vector<Side> peers = oneDnnProducts(m, n, k);
      for (auto [side, time] : llvm::zip(peers, Turns::measure(peers, meter.seconds / 2))) {
        names.push_back(side.name);
        ofSides.push_back(time);
      }
    }
    double bytes = 4.0 * static_cast<double>(plan.packedElements(k, n));
    double atPeak = 2.0 * static_cast<double>(m * n * k) / peak;
    double stream = 4.0 * static_cast<double>(weights.size()) / read;
    meter.report(name, {bytes, /*bytes=*/true}, names, ofSides,
                 {{"read", stream}, {"peak", bytes / atPeak}});
    std::free(scratch);
  }

  Meter &meter;
  KernelHarness harness;
  MatmulSpec spec;
  MatmulPlan plan;
  WeightSizes sizes;
  std::optional<LoadedKernels> compiled;
  Floats weights;
};

} // namespace

void benchmarkFewRows(Meter &meter, const std::string &cpu) {
  // A shape that is asked for by its name; or a language model's weights, and transformers' of 768
  // and 384.
  int64_t m, columns, depth;
  if (std::sscanf(meter.filter.c_str(), "few %ldx%ldx%ld", &m, &columns, &depth) == 3)
    return FewRows(meter, cpu, {depth, columns}).run(m);
  for (WeightSizes sizes : {WeightSizes{4096, 4096}, {768, 3072}, {3072, 768}, {384, 1536}})
    FewRows(meter, cpu, sizes).run({1, 2, 3, 4, 6, 8, 12, 16});
}

} // namespace heddle::codegen
