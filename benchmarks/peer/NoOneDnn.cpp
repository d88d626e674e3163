// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/peer/OneDnn.h"

namespace heddle {

std::vector<Side> oneDnnProducts(int64_t, int64_t, int64_t) { return {}; }
std::string oneDnnVersion() { return ""; }

} // namespace heddle
