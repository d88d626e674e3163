// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reference-counted blocks of memory, and a pool that keeps freed ones for the next run. A session
// owns one pool, and shares another one for large blocks; outputs that its caller keeps may outlive
// the session, so every block in use holds its pool.
//
//   auto pool = std::make_shared<BufferPool>(DefaultAllocator());
//   BufferRef block = pool->Allocate(1 << 20);
//   if (block == nullptr) return absl::ResourceExhaustedError("...");
//
// Thread-safety: a pool may be used from any thread; a BufferRef is a value like a shared_ptr.

#ifndef HEDDLE_RUNTIME_MEMORY_BUFFER_POOL_H_
#define HEDDLE_RUNTIME_MEMORY_BUFFER_POOL_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/memory/allocator.h"

namespace heddle {

class BufferPool;

class Buffer {
 public:
  void* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  bool unique() const {
    // Pairs with the release decrement in BufferRef::Release: whoever sees 1 sees the other
    // holders' last writes.
    return references_.load(std::memory_order_acquire) == 1;
  }
  int32_t references() const { return references_.load(std::memory_order_acquire); }

  // Versions of a cache share a block: each is some of its first bytes. Where the longest one ends,
  // whoever has it may go on; where several have it, one of them, and the others copy.
  bool holds_versions() const { return versions_end() >= 0; }
  int64_t versions_end() const { return versions_end_.load(std::memory_order_relaxed); }
  void SetVersionsEnd(int64_t end) { versions_end_.store(end, std::memory_order_relaxed); }
  // Makes the version that ends at `from` one that ends at `to`, in place; false where that cannot be.
  bool Extend(int64_t from, int64_t to) {
    // Relaxed: it decides who writes; what is written is published as any result is.
    return to <= static_cast<int64_t>(capacity_) &&
           versions_end_.compare_exchange_strong(from, to, std::memory_order_relaxed);
  }

 private:
  friend class BufferPool;
  friend class BufferRef;
  std::atomic<int32_t> references_{0};
  void* data_ = nullptr;
  size_t capacity_ = 0;
  std::atomic<int64_t> versions_end_{-1};  // -1: no cache
  // When it was freed: the pool's epoch, and the time where the pool has several users.
  uint64_t epoch_ = 0;
  std::chrono::steady_clock::time_point freed_at_;
  std::shared_ptr<BufferPool> pool_;  // set while in use
};

class BufferRef {
 public:
  BufferRef() = default;
  BufferRef(std::nullptr_t) {}  // NOLINT: reads as a null pointer
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    // Relaxed: the copied reference keeps the block alive; nothing is published by counting up.
    if (buffer_ != nullptr) buffer_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() { Reset(); }

  void Reset() {
    if (buffer_ != nullptr) Release();
  }
  Buffer* get() const { return buffer_; }
  Buffer* operator->() const { return buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }
  friend bool operator==(const BufferRef& ref, std::nullptr_t) { return ref.buffer_ == nullptr; }

 private:
  friend class BufferPool;
  explicit BufferRef(Buffer* buffer) : buffer_(buffer) {}
  void Release();
  Buffer* buffer_ = nullptr;
};

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  explicit BufferPool(Allocator& allocator) : allocator_(allocator) {}
  // Keeps the allocator for as long as there is a block.
  explicit BufferPool(std::shared_ptr<Allocator> allocator)
      : owner_(std::move(allocator)), allocator_(*owner_) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A block of at least `bytes`, or null where the allocator has none. Zero bytes are a block too.
  BufferRef Allocate(size_t bytes);

  // Called between runs: gives back blocks that several runs of each user had no use for, of
  // several users only those that none had for a second either.
  void Trim();
  // By how many its users are more than the one that it is made for.
  void AddUsers(int more);

  // Bytes held from the allocator, in use and kept, and their highest value so far.
  size_t held_bytes() const;
  size_t peak_bytes() const;

 private:
  friend class BufferRef;
  void Free(Buffer* buffer);
  void Release(Buffer* buffer);  // to the allocator

  const std::shared_ptr<Allocator> owner_;
  Allocator& allocator_;
  mutable std::mutex mutex_;
  std::vector<Buffer*> free_;  // few: scanned for the best fit
  size_t buffers_ = 0;         // in use and free; free_ has room for all, so Free cannot fail
  size_t held_ = 0;
  size_t peak_ = 0;
  uint64_t epoch_ = 0;
  uint64_t users_ = 1;
};

// The process's pool of large blocks on the C++ heap, shared by the sessions that have this: of many
// that run in turns, those at work need memory, and what the last one has left is still in the
// caches. Whoever lets go of it is a user no more; it is gone with the last one and its blocks.
std::shared_ptr<BufferPool> ShareLargeBlocks();

// What is large: an arena that is found in another place has its values placed anew, which takes
// less time than reading so much from memory.
inline constexpr int64_t kLargeBlock = 256 * 1024;

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_MEMORY_BUFFER_POOL_H_
