// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <cstdlib>
#include <new>

#include "tests/unit/runtime/test_util.h"

namespace {
thread_local int64_t allocations = 0;
}

// The sanitizers have operators of their own; nothing is counted then.
#if !HEDDLE_SANITIZED
void* operator new(std::size_t size) {
  ++allocations;
  void* data = std::malloc(size != 0 ? size : 1);
  if (data == nullptr) throw std::bad_alloc();
  return data;
}
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
#endif

namespace heddle::testing {

AllocationCount::AllocationCount() : before_(allocations) {}
int64_t AllocationCount::value() const { return allocations - before_; }

}  // namespace heddle::testing
