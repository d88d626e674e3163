// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rates of generated kernels beside the peak of this core, which is measured between the runs of
// each kernel, as neighbours on the machine come and go.

#ifndef HEDDLE_BENCHMARKS_KERNELBENCHMARK_H
#define HEDDLE_BENCHMARKS_KERNELBENCHMARK_H

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/Turns.h"
#include "tests/unit/codegen/KernelHarness.h"

namespace heddle::codegen {

struct MatmulSpec;

/// What a side does in a run: operations (2 per multiply-add) or bytes.
struct Work {
  double amount;
  bool bytes = false;
};

/// How fast the work could be done at best, in the same unit a second.
struct Bound {
  std::string name;
  double rate;
};

/// Memory as artifacts and arenas give it, at the start of a line of the cache: a vector that
/// crosses two of them takes as long to load as two.
template <typename T> struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <typename Other> LineAllocator(const LineAllocator<Other> &) {}
  T *allocate(size_t count) {
    return static_cast<T *>(std::aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64));
  }
  void deallocate(T *memory, size_t) { std::free(memory); }
  bool operator==(const LineAllocator &) const { return true; }
};
using Floats = std::vector<float, LineAllocator<float>>;

class Meter {
public:
  /// The peak is of that CPU's vectors; without FMA, of a multiplication and an addition.
  explicit Meter(const std::string &cpu);
  /// Times `run` and, in turns with it, the other sides and the peak, and prints them.
  void measure(const std::string &name, Work work, const std::function<void()> &run,
               const std::vector<Side> &others = {});
  /// Prints what was measured: the first of the sides is ours.
  void report(const std::string &name, Work work, const std::vector<std::string> &sides,
              const std::vector<Times> &times, const std::vector<Bound> &bounds) const;
  /// Does it run under this filter?
  bool wanted(const std::string &name) const;
  std::string filter;
  double seconds = 0.4;    // per kernel
  bool knownSizes = false; // compile convolutions for the sizes of the benchmark only
  bool json = false;       // an object a line

  /// A loop of multiply-adds of one core, and how many operations it is.
  Side peak();
  double peakOperations() const;

private:
  KernelHarness harness;
  LoadedKernels kernels;
};

/// Sizes of B. Those of a weight are known to the compiler.
struct WeightSizes {
  int64_t k, n;
};

/// A kernel of the harness that multiplies and stores: A, B and C; batch, m, n and k, the last two
/// of which are `weights` where that is given.
void addProduct(KernelHarness &harness, const MatmulSpec &spec,
                std::optional<WeightSizes> weights = {});

void benchmarkMatmul(Meter &meter, const std::string &cpu);
void benchmarkFewRows(Meter &meter, const std::string &cpu);
void benchmarkAttention(Meter &meter, const std::string &cpu);
void benchmarkConvolution(Meter &meter, const std::string &cpu);

} // namespace heddle::codegen

#endif // HEDDLE_BENCHMARKS_KERNELBENCHMARK_H
