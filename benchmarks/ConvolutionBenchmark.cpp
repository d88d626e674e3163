// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/KernelBenchmark.h"

namespace heddle::codegen {

void benchmarkConvolution(Meter &, const std::string &) {}

} // namespace heddle::codegen
