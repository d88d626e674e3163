// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts what a program asks the C library's allocator for, operator new included: these take its
// functions' places in a program that is linked with them, in its libraries as well.

#include <atomic>
#include <cerrno>
#include <cstddef>

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
}

static std::atomic<long> allocations{0};

static void count() { allocations.fetch_add(1, std::memory_order_relaxed); }

namespace heddle::bench {
long allocationsSoFar() { return allocations.load(std::memory_order_relaxed); }
} // namespace heddle::bench

extern "C" {
void *malloc(size_t size) { return count(), __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return count(), __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { return count(), __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return count(), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) {
  return count(), __libc_memalign(alignment, size);
}
int posix_memalign(void **result, size_t alignment, size_t size) {
  void *data = (count(), __libc_memalign(alignment, size));
  if (!data)
    return ENOMEM;
  *result = data;
  return 0;
}
}
