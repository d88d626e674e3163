// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear attention, step by step and in chunks, against a plain loop.

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/recurrence/LinearAttention.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

using Sizes = std::vector<int64_t>;

/// An operand that broadcasts to `sizes`.
struct Operand {
  OwnAxes own;
  int64_t place(const Sizes &sizes, const Sizes &index) const {
    int64_t at = 0;
    for (size_t axis = 0; axis < own.size(); ++axis)
      if (own[axis])
        at = at * sizes[axis] + index[axis];
    return at;
  }
  int64_t count(const Sizes &sizes) const {
    int64_t product = 1;
    for (size_t axis = 0; axis < own.size(); ++axis)
      product *= own[axis] ? sizes[axis] : 1;
    return own.empty() ? 0 : product;
  }
};

struct Case {
  int64_t length, outer, inner, rows, columns, segment;
  int64_t segments() const { return segment ? (length + segment - 1) / segment : 1; }
};

template <typename T> class Run {
public:
  Run(const LinearAttentionSpec &spec, const Case &c, unsigned seed)
      : spec(spec), c(c), points(c.outer * c.inner), steps{c.length, c.outer, c.inner, c.rows},
        rates{c.length, c.outer, c.inner, 1}, starts{c.segments(), c.outer, c.inner, c.rows,
                                                     c.columns},
        q(c.length * points * c.rows), k(q.size()), v(c.length * points * c.columns),
        init(Operand{spec.init}.count(starts)), decay(Operand{spec.decay}.count(steps)),
        rate(Operand{spec.rate}.count(rates)), output(v.size()),
        last(c.segments() * points * c.rows * c.columns) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform(0.6, 1.0);
    for (GuardedArray<T> *array : {&q, &k, &v, &init})
      for (T &x : *array)
        x = static_cast<T>(normal(random) / std::sqrt(double(array == &v ? 1 : c.rows)));
    for (T &x : decay) // some forget everything
      x = static_cast<T>(random() % 16 ? uniform(random) : random() % 2 ? 0.0 : 1e-30);
    for (T &x : rate)
      x = static_cast<T>(uniform(random));
  }

  void call(const LoadedKernels &kernels, int kernel, int64_t parts) {
    std::vector<const void *> buffers{q.data(), k.data(), v.data(), init.data()};
    if (!spec.decay.empty())
      buffers.push_back(decay.data());
    if (!spec.rate.empty())
      buffers.push_back(rate.data());
    if (spec.output)
      buffers.push_back(output.data());
    if (spec.last)
      buffers.push_back(last.data());
    int64_t block = spec.lanes * spec.vectors;
    int64_t grid = c.segments() * points * ((c.columns + block - 1) / block);
    LinearAttentionScratch scratch = linearAttentionScratch(spec);
    for (int64_t part = 0; part < parts; ++part)
      kernels.call(
          kernel, buffers,
          {c.length, c.segment ? c.segment : c.length, c.rows, c.columns, c.outer, c.inner},
          part * grid / parts, (part + 1) * grid / parts, scratch.fixed + scratch.perRow * c.rows);
  }

  /// The greatest difference from the loop.
  double error() const {
    double worst = 0;
    for (int64_t s = 0; s < c.segments(); ++s)
      for (int64_t point = 0; point < points; ++point)
        for (int64_t column = 0; column < c.columns; ++column)
          worst = std::max(worst, columnError(s, point, column));
    return worst;
  }

private:
  double columnError(int64_t s, int64_t point, int64_t column) const {
    int64_t b0 = point / c.inner, b1 = point % c.inner;
    int64_t begin = s * c.segment,
            end = c.segment ? std::min(c.length, begin + c.segment) : c.length;
    std::vector<double> state;
    for (int64_t row = 0; row < c.rows; ++row)
      state.push_back(init[Operand{spec.init}.place(starts, {s, b0, b1, row, column})]);
    double worst = 0;
    auto compare = [&](double found, double expected) {
      worst = std::max(worst, std::isfinite(found) ? std::abs(found - expected) : 1e9);
    };
    for (int64_t t = begin; t < end; ++t) {
      const T *keys = &k.data()[(t * points + point) * c.rows];
      const T *queries = &q.data()[(t * points + point) * c.rows];
      int64_t at = (t * points + point) * c.columns + column;
      auto read = [&](const T *by) {
        double sum = 0;
        for (int64_t row = 0; row < c.rows; ++row)
          sum += state[row] * by[row];
        return sum;
      };
      double before = read(queries);
      if (!spec.decay.empty())
        for (int64_t row = 0; row < c.rows; ++row)
          state[row] *= decay[Operand{spec.decay}.place(steps, {t, b0, b1, row})];
      double learned = v[at] - (spec.delta ? read(keys) : 0);
      if (!spec.rate.empty())
        learned *= rate[Operand{spec.rate}.place(rates, {t, b0, b1, 0})];
      for (int64_t row = 0; row < c.rows; ++row)
        state[row] += keys[row] * learned;
      if (spec.output)
        compare(output[at], spec.readsBefore ? before : read(queries));
    }
    for (int64_t row = 0; spec.last && row < c.rows; ++row)
      compare(last[((s * points + point) * c.rows + row) * c.columns + column], state[row]);
    return worst;
  }

  const LinearAttentionSpec &spec;
  Case c;
  int64_t points;
  Sizes steps, rates, starts;
  GuardedArray<T> q, k, v, init, decay, rate, output, last;
};

const Case kCases[] = {
    {37, 1, 1, 16, 32, 0}, {64, 2, 3, 5, 7, 0},   {16, 1, 2, 64, 17, 0}, {0, 1, 2, 4, 8, 0},
    {1, 3, 1, 1, 1, 0},    {95, 1, 1, 33, 70, 0}, {50, 2, 1, 9, 24, 20}, {0, 1, 1, 3, 3, 20},
};

/// All that a kernel can be, in turn.
LinearAttentionSpec specOf(unsigned number, Type element, int64_t lanes, int64_t vectors) {
  LinearAttentionSpec spec;
  spec.element = element;
  spec.delta = number & 1;
  spec.chunk = number & 2;
  spec.readsBefore = number % 3 == 1;
  spec.output = number % 11 != 5;
  spec.last = !spec.output || number % 7 != 4;
  const OwnAxes decays[] = {{},
                            {false, false, false, false},
                            {true, false, true, false},
                            {true, true, true, true},
                            {false, false, true, true}};
  const OwnAxes rates[] = {{}, {true, true, true, false}, {true, false, false, false}};
  spec.decay = decays[number % 5];
  spec.rate = rates[number / 2 % 3];
  spec.init = OwnAxes(5, number % 9 != 4);
  spec.lanes = lanes;
  spec.vectors = spec.chunk ? vectors : std::min<int64_t>(vectors, 2);
  return spec;
}

template <typename T> void check(const std::string &cpu, double tolerance) {
  constexpr unsigned kSpecs = 32;
  KernelHarness harness(cpu, /*optLevel=*/1);
  Type element = sizeof(T) == 4 ? harness.f32() : harness.f64();
  std::vector<LinearAttentionSpec> specs;
  for (unsigned number = 0; number < kSpecs; ++number) {
    int64_t lanes = linearAttentionLanes(element, number % 7 == 0 ? 5 : 0, harness.target);
    specs.push_back(specOf(number, element, lanes, int64_t(1) << number / 4 % 4));
    const LinearAttentionSpec &spec = specs.back();
    unsigned buffers = 4 + !spec.decay.empty() + !spec.rate.empty() + spec.output + spec.last;
    harness.add("attention" + std::to_string(number), SmallVector<Type>(buffers, element), 6,
                [&](Emitter &e, Kernel &kernel) {
                  LinearAttentionOperands ops;
                  auto next = kernel.buffers.begin();
                  for (Value *buffer : {&ops.query, &ops.key, &ops.value, &ops.init})
                    *buffer = *next++;
                  if (!spec.decay.empty())
                    ops.decay = *next++;
                  if (!spec.rate.empty())
                    ops.rate = *next++;
                  if (spec.output)
                    ops.output = *next++;
                  if (spec.last)
                    ops.last = *next++;
                  ops.length = kernel.dims[0];
                  ops.segment = kernel.dims[1];
                  ops.rows = kernel.dims[2];
                  ops.columns = kernel.dims[3];
                  ops.batch = {kernel.dims[4], kernel.dims[5]};
                  emitLinearAttention(e, spec, ops, kernel.begin, kernel.end, kernel.scratch);
                });
  }
  LoadedKernels kernels = harness.compile();
  for (unsigned number = 0; number < kSpecs; ++number)
    for (const Case &c : kCases) {
      Run<T> run(specs[number], c, number);
      run.call(kernels, number, 1 + number % 3);
      EXPECT_LE(run.error(), tolerance)
          << cpu << ": kernel " << number << " of " << c.length << " steps, " << c.outer << " x "
          << c.inner << " states of " << c.rows << " x " << c.columns;
    }
}

TEST(LinearAttention, Avx512) { check<float>("x86-64-v4", 3e-5); }
TEST(LinearAttention, Avx512Doubles) { check<double>("x86-64-v4", 1e-13); }
TEST(LinearAttention, Avx2) { check<float>("x86-64-v3", 3e-5); }
TEST(LinearAttention, Sse) { check<double>("x86-64-v2", 1e-13); }

} // namespace
