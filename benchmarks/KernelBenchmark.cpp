// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//   kernel_benchmark [--cpu x86-64-v3] [--seconds S] [--known-sizes] [--json] [FILTER]
#include "benchmarks/KernelBenchmark.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "benchmarks/peer/OneDnn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

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

Meter::Meter(const std::string &cpu) : harness(cpu), kernels(buildPeak(harness)) {}

bool Meter::wanted(const std::string &name) const { return name.find(filter) != std::string::npos; }

Side Meter::peak() {
  return {"peak", [this] {
            alignas(64) thread_local float memory[kChains * 16];
            kernels.call(0, {memory}, {}, 0, kSteps);
          }};
}

double Meter::peakOperations() const {
  return 2.0 * kSteps * kChains * (harness.target.vectorBytes() / 4);
}

void Meter::measure(const std::string &name, Work work, const std::function<void()> &run,
                    const std::vector<Side> &others) {
  if (!wanted(name))
    return;
  std::vector<Side> sides{{"heddle", run}};
  sides.insert(sides.end(), others.begin(), others.end());
  sides.push_back(peak());
  std::vector<Times> times = Turns::measure(sides, seconds);
  std::vector<Bound> bounds;
  if (!work.bytes)
    bounds.push_back({"peak", peakOperations() / times.back().best});
  std::vector<std::string> names;
  for (const Side &side : llvm::ArrayRef(sides).drop_back())
    names.push_back(side.name);
  report(name, work, names, times, bounds);
}

void Meter::report(const std::string &name, Work work, const std::vector<std::string> &sides,
                   const std::vector<Times> &times, const std::vector<Bound> &bounds) const {
  const char *unit = work.bytes ? "GB/s" : "GFLOP/s";
  auto rate = [&](double seconds) { return work.amount / seconds * 1e-9; };
  if (json) {
    llvm::json::Object line{{"name", name}, {"unit", unit}};
    llvm::json::Object rates, limits;
    for (auto [side, time] : llvm::zip(sides, times))
      rates[side] = llvm::json::Object{{"seconds", time.best},
                                       {"median_seconds", time.median},
                                       {"rate", rate(time.best)},
                                       {"median_rate", rate(time.median)}};
    for (const Bound &bound : bounds)
      limits[bound.name] = bound.rate * 1e-9;
    line["sides"] = std::move(rates);
    line["bounds"] = std::move(limits);
    llvm::outs() << llvm::json::Value(std::move(line)) << "\n";
    llvm::outs().flush();
    return;
  }
  std::printf("%-36s %9.1f us %7.1f %s (median %6.1f)", name.c_str(), times[0].best * 1e6,
              rate(times[0].best), unit, rate(times[0].median));
  for (const Bound &bound : bounds)
    std::printf("  %3.0f %% of %s %.0f", 100 * work.amount / times[0].best / bound.rate,
                bound.name.c_str(), bound.rate * 1e-9);
  for (size_t i = 1; i < sides.size(); ++i)
    std::printf("  %3.0f %% of %s %.0f (%.0f)", 100 * times[i].best / times[0].best,
                sides[i].c_str(), rate(times[i].best), rate(times[i].median));
  std::printf("\n");
  std::fflush(stdout);
}

} // namespace heddle::codegen

int main(int argc, char **argv) {
  std::string cpu = "native";
  for (int i = 1; i + 1 < argc; ++i)
    if (!std::strcmp(argv[i], "--cpu"))
      cpu = argv[i + 1];
  heddle::codegen::Meter meter(cpu);
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--cpu") && i + 1 < argc)
      ++i;
    else if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc)
      meter.seconds = std::atof(argv[++i]);
    else if (!std::strcmp(argv[i], "--known-sizes"))
      meter.knownSizes = true;
    else if (!std::strcmp(argv[i], "--json"))
      meter.json = true;
    else
      meter.filter = argv[i];
  }
  std::string peer = heddle::oneDnnVersion();
  if (peer.empty())
    std::fprintf(stderr, "oneDNN is missing: it was not there when this was built "
                         "(apt-get install libdnnl-dev), so nothing is compared with it\n");
  else
    std::fprintf(stderr, "beside oneDNN %s\n", peer.c_str());
  heddle::codegen::benchmarkMatmul(meter, cpu);
  heddle::codegen::benchmarkFewRows(meter, cpu);
  heddle::codegen::benchmarkAttention(meter, cpu);
  heddle::codegen::benchmarkConvolution(meter, cpu);
}
