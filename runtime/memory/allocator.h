// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the runtime's tensor memory comes from. A caller may supply an own allocator; tests inject
// ones that fail. Book-keeping (lists, names) uses the C++ heap as usual.
//
// Thread-safety: Allocate and Deallocate are called from any thread, several at a time.
// Ownership: an allocator outlives every tensor, session and model that uses it.

#ifndef HEDDLE_RUNTIME_MEMORY_ALLOCATOR_H_
#define HEDDLE_RUNTIME_MEMORY_ALLOCATOR_H_

#include <cstddef>

namespace heddle {

// Every block the runtime asks for has this alignment: a cache line, and the widest vector.
inline constexpr size_t kMemoryAlignment = 64;

class Allocator {
 public:
  virtual ~Allocator() = default;
  // `bytes` > 0 uninitialised bytes at a multiple of kMemoryAlignment, or null.
  virtual void* Allocate(size_t bytes) = 0;
  virtual void Deallocate(void* data, size_t bytes) = 0;
};

// The C++ heap; never fails by exception.
Allocator& DefaultAllocator();

// The address of values without bytes, aligned like any block: code computes with pointers before
// it looks at sizes, so null is not one.
void* NoBytes();

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_MEMORY_ALLOCATOR_H_
