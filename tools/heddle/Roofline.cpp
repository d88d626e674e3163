// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Roofline.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace heddle::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// The least of some calls, in seconds.
template <typename Work> double leastTime(int calls, Work work) {
  double least = 1e9;
  for (int i = 0; i < calls; ++i) {
    auto begin = Clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return least;
}

constexpr int chains = 12; // more than latency times throughput, fewer than registers

/// Vectors of `lanes`; the instructions are those of the function that it is inlined into.
template <int lanes> [[gnu::always_inline]] inline float multiplyAddVectors(int64_t rounds) {
  using Vector __attribute__((vector_size(lanes * sizeof(float)))) = float;
  Vector sums[chains] = {}, a = Vector{} + 0.999f;
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c)
      sums[c] = sums[c] * a + a;
  float total = 0;
  for (const Vector &sum : sums)
    total += sum[0];
  return total;
}

[[gnu::target("avx512f")]] float multiplyAdds16(int64_t rounds) {
  return multiplyAddVectors<16>(rounds);
}
[[gnu::target("avx2,fma")]] float multiplyAdds8(int64_t rounds) {
  return multiplyAddVectors<8>(rounds);
}
float multiplyAdds4(int64_t rounds) { return multiplyAddVectors<4>(rounds); }

} // namespace

double multiplyAdds(int64_t rounds) {
  auto [lanes, run] = __builtin_cpu_supports("avx512f") ? std::pair(16, &multiplyAdds16)
                      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                          ? std::pair(8, &multiplyAdds8)
                          : std::pair(4, &multiplyAdds4);
  [[maybe_unused]] volatile float kept = 0;
  kept = run(rounds);
  return 2.0 * lanes * chains * static_cast<double>(rounds);
}

uint64_t readAll(absl::Span<const uint64_t> memory) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i + 8 <= memory.size(); i += 8)
    for (size_t lane = 0; lane < 8; ++lane)
      sums[lane] += memory[i + lane];
  [[maybe_unused]] volatile uint64_t kept = 0;
  kept = sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
  return kept;
}

static double measureProducts() {
  double operations = 0;
  double seconds = leastTime(8, [&] { operations = multiplyAdds(200'000); });
  return operations / seconds / 1e9;
}

static double measureReading() {
  std::vector<uint64_t> memory((96 << 20) / sizeof(uint64_t), 1);
  [[maybe_unused]] volatile uint64_t kept = 0;
  double seconds = leastTime(4, [&] { kept = readAll(memory); });
  return static_cast<double>(memory.size() * sizeof(uint64_t)) / seconds / 1e9;
}

Roofline measureRoofline() { return {measureProducts(), measureReading()}; }

} // namespace heddle::cli
