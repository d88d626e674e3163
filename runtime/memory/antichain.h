// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The heaviest set of elements of which none is before another. Where the elements are values,
// their weights bytes, and "before" means dead before the other is born in every order that a graph
// allows, no arena can be smaller: some order has all of the set alive at once.
//
//   // 0 before 1 and 2; 3 beside all
//   int64_t bytes = HeaviestAntichain({64, 128, 64, 32}, [](uint32_t a, uint32_t b) {
//     return a == 0 && b != 3;
//   });  // 224
//
// By Dilworth's theorem with weights it is what the cheapest cover by chains costs: a maximum flow.
// For reports and tests, not for loading. Thread-safety: a pure function.

#ifndef HEDDLE_RUNTIME_MEMORY_ANTICHAIN_H_
#define HEDDLE_RUNTIME_MEMORY_ANTICHAIN_H_

#include <cstdint>
#include <functional>

#include "absl/types/span.h"

namespace heddle {

// `precedes` is a strict partial order; it is asked for a < b only, so elements are numbered in one
// of its linear orders. Weights are not negative and their sum fits.
int64_t HeaviestAntichain(absl::Span<const int64_t> weights,
                          const std::function<bool(uint32_t a, uint32_t b)>& precedes);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_MEMORY_ANTICHAIN_H_
