// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//   kernel_benchmark [--cpu x86-64-v3] [--seconds S] [--known-sizes] [FILTER]
#include "benchmarks/KernelBenchmark.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

using Clock = std::chrono::steady_clock;

double secondsOf(const std::function<void()> &run, int repeats) {
  auto start = Clock::now();
  for (int i = 0; i < repeats; ++i)
    run();
  return std::chrono::duration<double>(Clock::now() - start).count() / repeats;
}

constexpr int64_t kChains = 12, kSteps = 4096;

LoadedKernels buildPeak(KernelHarness &harness) {
  Type f32 = harness.f32();
  int64_t lanes = harness.target.vectorBytes() / 4;
  harness.add("peak", {f32}, 0, [&](Emitter &e, Kernel &k) {
    Value x = e.load(k.buffers[0], e.index(0), lanes);
    Values start(kChains, x);
    Values sums = e.loop(k.begin, k.end, e.index(1), start, [&](Value, ValueRange carried) {
      Values next;
      for (Value sum : carried)
        next.push_back(e.fma(sum, x, x));
      return next;
    });
    for (int64_t i = 0; i < kChains; ++i)
      e.store(sums[i], k.buffers[0], e.index(i * lanes));
  });
  return harness.compile();
}

} // namespace

Meter::Meter() : harness("native"), kernels(buildPeak(harness)) {}

bool Meter::wanted(const std::string &name) const { return name.find(filter) != std::string::npos; }

double Meter::peakSample() {
  alignas(64) static float memory[kChains * 16];
  double time = secondsOf([&] { kernels.call(0, {memory}, {}, 0, kSteps); }, 1);
  return 2.0 * kSteps * kChains * (harness.target.vectorBytes() / 4) / time;
}

void Meter::measure(const std::string &name, double work, const std::function<void()> &run,
                    bool bytes) {
  if (!wanted(name))
    return;
  run();
  double once = secondsOf(run, 1);
  int repeats = std::max(1, int(1e-3 / once));
  std::vector<double> times;
  double peak = 0;
  auto stop = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < stop || times.size() < 5) {
    times.push_back(secondsOf(run, repeats));
    peak = std::max(peak, peakSample());
  }
  std::sort(times.begin(), times.end());
  double best = times.front(), median = times[times.size() / 2];
  if (bytes)
    std::printf("%-44s %9.1f us  %7.1f GB/s (median %6.1f)\n", name.c_str(), best * 1e6,
                work / best * 1e-9, work / median * 1e-9);
  else
    std::printf("%-44s %9.1f us  %7.1f GFLOP/s (median %6.1f)  %3.0f %% of %.0f\n", name.c_str(),
                best * 1e6, work / best * 1e-9, work / median * 1e-9, 100 * work / best / peak,
                peak * 1e-9);
  std::fflush(stdout);
}

} // namespace heddle::codegen

int main(int argc, char **argv) {
  heddle::codegen::Meter meter;
  std::string cpu = "native";
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--cpu") && i + 1 < argc)
      cpu = argv[++i];
    else if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc)
      meter.seconds = std::atof(argv[++i]);
    else if (!std::strcmp(argv[i], "--known-sizes"))
      meter.knownSizes = true;
    else
      meter.filter = argv[i];
  }
  heddle::codegen::benchmarkMatmul(meter, cpu);
  heddle::codegen::benchmarkFewRows(meter, cpu);
  heddle::codegen::benchmarkConvolution(meter, cpu);
}
