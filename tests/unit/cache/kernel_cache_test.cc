// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Objects of kernels: found by their keys only, whole or not at all.

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "compiler/cache/KernelCache.h"
#include "tests/unit/cache/cache_testing.h"

namespace heddle {
namespace {

TEST_F(CacheTest, FindsWhatWasKept) {
  KernelCache cache(Open());
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.keep("key", std::string("object\0", 7));
  EXPECT_EQ(cache.find("key"), std::string("object\0", 7));
  EXPECT_EQ(cache.find("other"), std::nullopt);
  EXPECT_EQ(cache.kept(), 1u);
}

TEST_F(CacheTest, NothingDamagedIsFound) {
  CacheFolder folder = Open();
  KernelCache cache(folder);
  cache.keep("key", "an object");
  std::string file = folder.fileFor("key", ".kernel"), good = Read(file);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    Write(file, bytes);
    EXPECT_EQ(cache.find("key"), std::nullopt) << "byte " << i;
    Write(file, good.substr(0, i));
    EXPECT_EQ(cache.find("key"), std::nullopt) << "cut at " << i;
  }
  Write(file, good + "x");
  EXPECT_EQ(cache.find("key"), std::nullopt);
  cache.keep("key", "an object");
  EXPECT_EQ(cache.find("key"), "an object") << "made again";
}

TEST_F(CacheTest, AFileOfAnotherKeyIsNotTaken) {
  CacheFolder folder = Open();
  KernelCache cache(folder);
  cache.keep("key", "an object");
  std::filesystem::rename(folder.fileFor("key", ".kernel"), folder.fileFor("other", ".kernel"));
  EXPECT_EQ(cache.find("other"), std::nullopt);
}

TEST_F(CacheTest, ManyWritersLeaveWholeFiles) {
  CacheFolder folder = Open();
  const std::string objects[] = {std::string(200'000, 'a'), std::string(300'000, 'b')};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      KernelCache cache(folder);
      for (int i = 0; i < 25; ++i) {
        cache.keep("key", objects[t % 2]);
        std::optional<std::string> found = cache.find("key");
        ASSERT_TRUE(found);
        EXPECT_THAT(*found, ::testing::AnyOf(objects[0], objects[1]));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(folder.contents()[".kernel"].files, 1u);
}

}  // namespace
}  // namespace heddle
