// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rates of generated kernels beside the peak of this core, which is measured between the runs of
// each kernel, as neighbours on the machine come and go.

#ifndef HEDDLE_BENCHMARKS_KERNELBENCHMARK_H
#define HEDDLE_BENCHMARKS_KERNELBENCHMARK_H

#include <functional>
#include <string>

#include "tests/unit/codegen/KernelHarness.h"

namespace heddle::codegen {

struct MatmulSpec;

/// Rates are of the best of the repetitions, each of which runs for about a millisecond or more.
class Meter {
public:
  Meter();
  /// Prints `name`, time, rate and its share of the peak. `work` is in operations (2 per
  /// multiply-add) or, where `bytes` is set, in bytes.
  void measure(const std::string &name, double work, const std::function<void()> &run,
               bool bytes = false);
  /// Does it run under this filter?
  bool wanted(const std::string &name) const;
  std::string filter;
  double seconds = 0.4;    // per kernel
  bool knownSizes = false; // compile convolutions for the sizes of the benchmark only

  double peakSample(); // operations a second, of one core

private:
  KernelHarness harness;
  LoadedKernels kernels;
};

/// A kernel of the harness that multiplies and stores: A, B and C; batch, m, n and k.
void addProduct(KernelHarness &harness, const MatmulSpec &spec);

void benchmarkMatmul(Meter &meter, const std::string &cpu);
void benchmarkFewRows(Meter &meter, const std::string &cpu);
void benchmarkConvolution(Meter &meter, const std::string &cpu);

} // namespace heddle::codegen

#endif // HEDDLE_BENCHMARKS_KERNELBENCHMARK_H
