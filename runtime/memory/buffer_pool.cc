// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

// A kept block serves a request it exceeds by no more than this; a larger one would starve the
// request that it was made for.
bool Fits(size_t capacity, size_t bytes) {
  return capacity >= bytes && capacity - bytes <= bytes + 4096;
}

// Sizes in steps of an eighth of their power of two, so that a cache that grows row by row asks the
// allocator seldom.
size_t RoundUp(size_t bytes) {
  if (bytes <= kMemoryAlignment) return kMemoryAlignment;
  if (bytes > std::numeric_limits<size_t>::max() / 2) return bytes;
  size_t step = std::max<size_t>(std::bit_floor(bytes) / 8, kMemoryAlignment);
  return (bytes + step - 1) / step * step;
}

// For how many runs of each user a block is kept that none of them takes. How many blocks are in use at
// once varies where there are several users, and one that is made anew is first touched page by page,
// which takes longer than many a run. So of several users none is given back within a second: while
// all of them run they hand few blocks on, and when they stop each keeps one, with its results.
constexpr uint64_t kKeepEpochs = 4;
constexpr uint64_t kKeepEpochsShared = 32;
constexpr std::chrono::seconds kKeepShared(1);

}  // namespace

void BufferRef::Release() {
  Buffer* buffer = std::exchange(buffer_, nullptr);
  // Release publishes this holder's accesses, acquire makes those of all others visible to the one
  // that gives the block back.
  if (buffer->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  std::shared_ptr<BufferPool> pool = std::move(buffer->pool_);
  pool->Free(buffer);
}

BufferPool::~BufferPool() {
  for (Buffer* buffer : free_) Release(buffer);
}

void BufferPool::Release(Buffer* buffer) {
  held_ -= buffer->capacity_;
  --buffers_;
  allocator_.Deallocate(buffer->data_, buffer->capacity_);
  delete buffer;
}

BufferRef BufferPool::Allocate(size_t bytes) {
  std::shared_ptr<BufferPool> self = shared_from_this();
  std::unique_lock lock(mutex_);
  // The one that was freed last first, until one has no more than a new one would.
  size_t enough = RoundUp(bytes), best = free_.size();
  for (size_t i = free_.size(); i-- > 0;) {
    if (best < free_.size() && free_[best]->capacity_ <= enough) break;
    size_t capacity = free_[i]->capacity_;
    if (Fits(capacity, bytes) && (best == free_.size() || capacity < free_[best]->capacity_)) {
      best = i;
    }
  }
  Buffer* buffer;
  if (best < free_.size()) {
    buffer = std::exchange(free_[best], free_.back());
    free_.pop_back();
  } else {
    size_t capacity = enough;
    void* data = allocator_.Allocate(capacity);
    // Memory may be tight because this pool keeps blocks of other sizes.
    if (data == nullptr && !free_.empty()) {
      for (Buffer* kept : free_) Release(kept);
      free_.clear();
      data = allocator_.Allocate(capacity);
    }
    if (data == nullptr) return nullptr;
    buffer = new (std::nothrow) Buffer;
    if (buffer == nullptr) {
      allocator_.Deallocate(data, capacity);
      return nullptr;
    }
    buffer->data_ = data;
    buffer->capacity_ = capacity;
    ++buffers_;
    if (free_.capacity() < buffers_) free_.reserve(buffers_ * 2);
    held_ += capacity;
    peak_ = std::max(peak_, held_);
  }
  buffer->pool_ = std::move(self);
  buffer->SetVersionsEnd(-1);
  // Relaxed: nobody else has the block yet.
  buffer->references_.store(1, std::memory_order_relaxed);
  return BufferRef(buffer);
}

void BufferPool::Free(Buffer* buffer) {
  std::unique_lock lock(mutex_);
  buffer->epoch_ = epoch_;
  if (users_ > 1) buffer->freed_at_ = Clock::now();
  free_.push_back(buffer);
}

void BufferPool::Trim() {
  std::unique_lock lock(mutex_);
  ++epoch_;
  if (free_.empty()) return;
  bool shared = users_ > 1;
  uint64_t epochs = shared ? kKeepEpochsShared * users_ : kKeepEpochs;
  auto now = shared ? Clock::now() : Clock::time_point();
  auto keep = std::partition(free_.begin(), free_.end(), [&](Buffer* buffer) {
    return epoch_ - buffer->epoch_ <= epochs || (shared && now - buffer->freed_at_ <= kKeepShared);
  });
  std::for_each(keep, free_.end(), [this](Buffer* buffer) { Release(buffer); });
  free_.erase(keep, free_.end());
}

void BufferPool::AddUsers(int more) {
  std::unique_lock lock(mutex_);
  users_ += more;
}

std::shared_ptr<BufferPool> ShareLargeBlocks() {
  static std::mutex mutex;
  static std::weak_ptr<BufferPool> shared;
  std::unique_lock lock(mutex);
  std::shared_ptr<BufferPool> pool = shared.lock();
  if (pool == nullptr) {
    pool = std::make_shared<BufferPool>(DefaultAllocator());
    shared = pool;
  } else {
    pool->AddUsers(1);
  }
  return std::shared_ptr<BufferPool>(pool.get(), [pool](BufferPool* used) { used->AddUsers(-1); });
}

size_t BufferPool::held_bytes() const {
  std::unique_lock lock(mutex_);
  return held_;
}

size_t BufferPool::peak_bytes() const {
  std::unique_lock lock(mutex_);
  return peak_;
}

}  // namespace heddle
