// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/allocator.h"

#include <cstdlib>

namespace heddle {
namespace {

class HeapAllocator final : public Allocator {
 public:
  void* Allocate(size_t bytes) override {
    // aligned_alloc wants a multiple of the alignment.
    size_t rounded = (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
    return rounded < bytes ? nullptr : std::aligned_alloc(kMemoryAlignment, rounded);
  }
  void Deallocate(void* data, size_t) override { std::free(data); }
};

}  // namespace

Allocator& DefaultAllocator() {
  // Never destroyed: tensors of static storage may outlive any order of destruction.
  static HeapAllocator* allocator = new HeapAllocator;
  return *allocator;
}

void* NoBytes() {
  alignas(kMemoryAlignment) static char nothing[kMemoryAlignment];
  return nothing;
}

}  // namespace heddle
