// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of few rows with packed weights, beside what a plain read of the same memory and the
// peak of the multiply-adds allow, measured in turns. One and two threads, each with half of it.
#include "benchmarks/KernelBenchmark.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <thread>

#include "compiler/codegen/matmul/Matmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Elements that a grid point of the plain read adds up.
constexpr int64_t kReadBlock = 8192, kReadVectors = 8;

/// Seconds of `share(thread)` on all threads at once: the least of some.
class Turns {
public:
  Turns(int threads, double seconds) : threads(threads), seconds(seconds) {}
  using Share = std::function<void(int thread)>;

  std::vector<double> measure(const std::vector<Share> &shares) {
    std::vector<double> best(shares.size(), 1e9);
    auto now = [] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
          .count();
    };
    double stop = now() + seconds;
    bool goesOn = true;
    std::barrier barrier(threads);
    auto work = [&](int thread) {
      while (goesOn) {
        for (size_t i = 0; i < shares.size(); ++i) {
          barrier.arrive_and_wait();
          double start = now();
          for (int repeat = 0; repeat < 4; ++repeat)
            shares[i](thread);
          barrier.arrive_and_wait();
          if (thread == 0)
            best[i] = std::min(best[i], (now() - start) / 4);
        }
        barrier.arrive_and_wait();
        if (thread == 0)
          goesOn = now() < stop;
        barrier.arrive_and_wait();
      }
    };
    std::vector<std::thread> others;
    for (int thread = 1; thread < threads; ++thread)
      others.emplace_back(work, thread);
    work(0);
    for (std::thread &other : others)
      other.join();
    return best;
  }

private:
  int threads;
  double seconds;
};

void addRead(KernelHarness &harness) {
  Type f32 = harness.f32();
  int64_t lanes = harness.target.vectorBytes() / 4;
  harness.add("read", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    Values zeros(kReadVectors, e.zero(e.vector(f32, lanes)));
    Value first = e.mul(k.begin, kReadBlock), last = e.mul(k.end, kReadBlock);
    Values sums = e.loop(first, last, e.index(kReadVectors * lanes), zeros,
                         [&](Value at, ValueRange carried) {
                           Values next;
                           for (int64_t i = 0; i < kReadVectors; ++i)
                             next.push_back(arith::AddFOp::create(
                                 e.builder, e.loc, carried[i],
                                 e.load(k.buffers[0], e.add(at, i * lanes), lanes)));
                           return next;
                         });
    for (int64_t i = 0; i < kReadVectors; ++i)
      e.store(sums[i], k.buffers[1], e.index(i * lanes));
  });
}

} // namespace

void benchmarkFewRows(Meter &meter, const std::string &cpu) {
  KernelHarness harness(cpu);
  Type f32 = harness.f32();
  MatmulSpec spec{f32, f32, f32};
  MatmulPlan plan = planMatmul(spec, harness.target);
  addProduct(harness, spec);
  addRead(harness);
  LoadedKernels kernels = harness.compile();
  for (auto [k, n] : {std::pair<int64_t, int64_t>{512, 512}, {512, 2048}, {2048, 512}, {2048, 2048},
                      {2048, 4096}, {4096, 2048}, {4096, 4096}}) {
    int64_t elements = plan.packedElements(k, n);
    std::vector<float> weights((elements + kReadBlock - 1) / kReadBlock * kReadBlock, 0.25f);
    for (int64_t m : {1, 2, 4, 8, 16})
      for (int threads : {1, 2}) {
        std::string name = "few " + std::to_string(m) + "x" + std::to_string(n) + "x" +
                           std::to_string(k) + " on " + std::to_string(threads);
        if (!meter.wanted(name))
          continue;
        std::vector<float> a(m * k, 0.5f), c(m * n), sums(threads * 1024);
        std::vector<const void *> buffers{a.data(), weights.data(), c.data()};
        std::vector<int64_t> dims{1, m, n, k};
        int64_t points = plan.gridPoints(1, m, n), blocks = weights.size() / kReadBlock;
        size_t scratchBytes = (plan.scratchBytes(k) + 4095) / 4096 * 4096;
        char *scratch = static_cast<char *>(std::aligned_alloc(64, scratchBytes * threads));
        auto product = [&](int thread) {
          kernels.entry(0)(const_cast<void *const *>(buffers.data()), dims.data(),
                           points * thread / threads, points * (thread + 1) / threads,
                           scratch + scratchBytes * thread);
        };
        auto read = [&](int thread) {
          void *const of[] = {weights.data(), sums.data() + thread * 1024};
          kernels.entry(1)(of, nullptr, blocks * thread / threads, blocks * (thread + 1) / threads,
                           nullptr);
        };
        double peak = 0;
        auto peakShare = [&](int thread) {
          if (thread == 0)
            peak = std::max(peak, meter.peakSample());
        };
        std::vector<double> best =
            Turns(threads, meter.seconds).measure({product, read, peakShare});
        double atPeak = 2.0 * m * n * k / (peak * threads);
        double bytes = 4e-9 * static_cast<double>(elements);
        std::printf("%-28s %9.1f us  %6.1f GB/s  read %6.1f  multiply-adds %6.1f  %3.0f %%\n",
                    name.c_str(), best[0] * 1e6, bytes / best[0],
                    4e-9 * static_cast<double>(weights.size()) / best[1], bytes / atPeak,
                    100 * std::max(best[1], atPeak) / best[0]);
        std::fflush(stdout);
        std::free(scratch);
      }
  }
}

} // namespace heddle::codegen
