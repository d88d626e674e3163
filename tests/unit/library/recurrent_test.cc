// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LSTM and GRU with everything the conformance cases leave out, against a plain loop.

#include <chrono>
#include <cmath>
#include <iostream>
#include <random>

#include "gtest/gtest.h"
#include "tests/unit/library/fake_call.h"

namespace heddle {
namespace {

using enum ElementType;

struct Case {
  int64_t steps, batch, inputs, hidden;
  std::vector<float> x, w, r, b, h, c, p;
  std::vector<int32_t> lengths;
};

Case MakeCase(int gates, int64_t steps, int64_t batch, int64_t inputs, int64_t hidden) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> numbers(-1, 1);
  auto fill = [&](int64_t n) {
    std::vector<float> v(n);
    for (float& f : v) f = numbers(random) / std::sqrt(static_cast<float>(hidden));
    return v;
  };
  Case t{steps, batch, inputs, hidden, {}, {}, {}, {}, {}, {}, {}, {}};
  t.x = fill(steps * batch * inputs);
  t.w = fill(2 * gates * hidden * inputs);
  t.r = fill(2 * gates * hidden * hidden);
  t.b = fill(2 * 2 * gates * hidden);
  t.h = fill(2 * batch * hidden);
  t.c = fill(2 * batch * hidden);
  t.p = fill(2 * 3 * hidden);
  for (int64_t i = 0; i < batch; ++i) t.lengths.push_back(static_cast<int32_t>(steps - i % steps));
  return t;
}

double Squash(double x) { return 1 / (1 + std::exp(-x)); }

// One direction of one sequence of an LSTM; calls emit(time, h).
template <typename Emit>
void PlainLstm(const Case& t, int64_t d, int64_t b, Emit emit) {
  int64_t n = t.hidden, rows = 4 * n;
  std::vector<double> h(n), c(n);
  for (int64_t i = 0; i < n; ++i) {
    h[i] = t.h[(d * t.batch + b) * n + i];
    c[i] = t.c[(d * t.batch + b) * n + i];
  }
  for (int64_t s = 0; s < t.lengths[b]; ++s) {
    int64_t time = d == 1 ? t.lengths[b] - 1 - s : s;
    std::vector<double> g(rows);
    for (int64_t row = 0; row < rows; ++row) {
      g[row] = t.b[d * 2 * rows + row] + t.b[d * 2 * rows + rows + row];
      for (int64_t i = 0; i < t.inputs; ++i) {
        g[row] += t.w[(d * rows + row) * t.inputs + i] * t.x[(time * t.batch + b) * t.inputs + i];
      }
      for (int64_t i = 0; i < n; ++i) g[row] += t.r[(d * rows + row) * n + i] * h[i];
    }
    const float* p = &t.p[d * 3 * n];
    for (int64_t i = 0; i < n; ++i) {
      double in = Squash(g[i] + p[i] * c[i]), forget = Squash(g[2 * n + i] + p[2 * n + i] * c[i]);
      c[i] = forget * c[i] + in * std::tanh(g[3 * n + i]);
      h[i] = Squash(g[n + i] + p[n + i] * c[i]) * std::tanh(c[i]);
    }
    emit(time, h);
  }
}

TEST(Recurrent, LstmBothWaysWithLengthsAndPeepholes) {
  Case t = MakeCase(4, 5, 3, 7, 19);
  FakeCall call;
  call.operands = {FakeTensor(kFloat32, {5, 3, 7}, t.x),   FakeTensor(kFloat32, {2, 76, 7}, t.w),
                   FakeTensor(kFloat32, {2, 76, 19}, t.r), FakeTensor(kFloat32, {2, 152}, t.b),
                   FakeTensor(kInt32, {3}, t.lengths),     FakeTensor(kFloat32, {2, 3, 19}, t.h),
                   FakeTensor(kFloat32, {2, 3, 19}, t.c),  FakeTensor(kFloat32, {2, 57}, t.p)};
  call.texts["direction"] = "bidirectional";
  call.ints_of_one["hidden_size"] = 19;
  call.result_types = {kFloat32, kFloat32, kFloat32};
  absl::Status status = call.Run("LSTM");
  ASSERT_TRUE(status.ok()) << status;
  std::vector<float> y = call.results[0].values<float>(), y_h = call.results[1].values<float>();
  EXPECT_EQ(call.results[0].dims, (std::vector<int64_t>{5, 2, 3, 19}));
  for (int64_t d = 0; d < 2; ++d) {
    for (int64_t b = 0; b < 3; ++b) {
      std::vector<double> last;
      PlainLstm(t, d, b, [&](int64_t time, const std::vector<double>& h) {
        for (int64_t i = 0; i < 19; ++i)
          ASSERT_NEAR(y[((time * 2 + d) * 3 + b) * 19 + i], h[i], 1e-5);
        last = h;
      });
      for (int64_t i = 0; i < 19; ++i) EXPECT_NEAR(y_h[(d * 3 + b) * 19 + i], last[i], 1e-5);
      for (int64_t time = t.lengths[b]; time < 5; ++time) {
        for (int64_t i = 0; i < 19; ++i) EXPECT_EQ(y[((time * 2 + d) * 3 + b) * 19 + i], 0);
      }
    }
  }
}

TEST(Recurrent, RefusesShapesAndActivationsThatDoNotFit) {
  Case t = MakeCase(4, 5, 3, 7, 19);
  FakeCall call;
  call.operands = {FakeTensor(kFloat32, {5, 3, 7}, t.x), FakeTensor(kFloat32, {2, 76, 7}, t.w),
                   FakeTensor(kFloat32, {2, 76, 19}, t.r)};
  call.result_types = {kFloat32};
  EXPECT_EQ(call.Run("LSTM").message(),
            "LSTM: operand 1 of shape [2,76,7] where [1,76,7] is needed");
  call.texts["direction"] = "bidirectional";
  EXPECT_TRUE(call.Run("LSTM").ok());
  call.texts["activations"] = "Sigmoid,Tanh,Tan";
  EXPECT_EQ(call.Run("LSTM").message(), "LSTM: there is no activation \"Tan\"");
}

// Not a test of speed, but prints it.
TEST(Recurrent, LstmOfASpeechModel) {
  int64_t steps = 100, hidden = 512;
  Case t = MakeCase(4, steps, 1, hidden, hidden);
  t.w.resize(4 * hidden * hidden);
  t.r.resize(4 * hidden * hidden);
  FakeCall call;
  call.operands = {FakeTensor(kFloat32, {steps, 1, hidden}, t.x),
                   FakeTensor(kFloat32, {1, 4 * hidden, hidden}, t.w),
                   FakeTensor(kFloat32, {1, 4 * hidden, hidden}, t.r)};
  call.result_types = {kFloat32};
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(call.Run("LSTM").ok());
    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  double flops = 2.0 * static_cast<double>(steps * 4 * hidden * 2 * hidden);
  std::cout << "LSTM of " << steps << " steps, " << hidden << " wide: " << best << " ms, "
            << flops / best / 1e6 << " GFLOP/s\n";
}

}  // namespace
}  // namespace heddle
