// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The folder of a cache: whose it is, what leaves it when it grows, and what is left alone.

#include "tests/unit/cache/cache_testing.h"

namespace heddle {
namespace {

TEST_F(CacheTest, IsMadeForItsUserOnly) {
  CacheFolder folder = Open();
  struct stat facts = {};
  ASSERT_EQ(::stat(folder.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
}

TEST_F(CacheTest, IsNotUsedWhereOthersMayWrite) {
  std::string path = Open().path();
  ::chmod(path.c_str(), 0720);
  EXPECT_EQ(CacheFolder::open(path).status().code(), absl::StatusCode::kFailedPrecondition);
  ::chmod(path.c_str(), 0755);
  EXPECT_TRUE(CacheFolder::open(path).ok());
  Write(root_ + "/file", "");
  EXPECT_FALSE(CacheFolder::open(root_ + "/file").ok());
  EXPECT_FALSE(CacheFolder::open("").ok());
}

TEST_F(CacheTest, FilesAppearWhole) {
  CacheFolder folder = Open();
  std::string file = folder.fileFor("key", ".kernel");
  EXPECT_EQ(folder.read(file), std::nullopt);
  ASSERT_TRUE(folder.write(file, "first"));
  ASSERT_TRUE(folder.write(file, std::string(100'000, 'x')));
  EXPECT_EQ(folder.read(file), std::string(100'000, 'x'));
  EXPECT_EQ(folder.contents()[".kernel"].files, 1u);
}

TEST_F(CacheTest, ALinkIsNotFollowed) {
  CacheFolder folder = Open();
  Write(root_ + "/elsewhere", "of another");
  std::string file = folder.fileFor("key", ".kernel");
  std::filesystem::create_symlink(root_ + "/elsewhere", file);
  EXPECT_EQ(folder.read(file), std::nullopt);
}

TEST_F(CacheTest, WhatWasUsedLongestAgoLeavesFirst) {
  CacheFolder folder = Open();
  std::string files[4];
  for (int i = 0; i < 4; ++i) {
    files[i] = folder.fileFor(std::to_string(i), i == 3 ? ".tuned" : ".kernel");
    ASSERT_TRUE(folder.write(files[i], std::string(1000, 'x')));
    Age(files[i], 1000 * (4 - i));
  }
  Age(files[3], 100'000);
  CacheFolder::touch(files[0]);
  folder.trim(3000);
  EXPECT_TRUE(Exists(files[0]));
  EXPECT_FALSE(Exists(files[1]));
  EXPECT_TRUE(Exists(files[2]));
  folder.trim(0);
  EXPECT_FALSE(Exists(files[0]));
  EXPECT_FALSE(Exists(files[2]));
  EXPECT_TRUE(Exists(files[3])) << "what was measured stays";
}

TEST_F(CacheTest, OnlyFilesOfACacheAreRemoved) {
  CacheFolder folder = Open();
  std::string own = folder.fileFor("key", ".kernel");
  std::string notes = folder.path() + "/notes.kernel", writing = own + ".abcdef";
  std::string abandoned = own + ".ghijkl", similar = own + "x";
  for (const std::string& file : {own, notes, writing, abandoned, similar}) Write(file, "bytes");
  Age(abandoned, 7200);
  folder.trim(100);
  EXPECT_TRUE(Exists(own));
  EXPECT_FALSE(Exists(abandoned)) << "its writer died";
  folder.trim(0);
  EXPECT_FALSE(Exists(own));
  EXPECT_TRUE(Exists(notes));
  EXPECT_TRUE(Exists(writing));
  EXPECT_TRUE(Exists(similar));
}

TEST_F(CacheTest, ClearsOneKind) {
  CacheFolder folder = Open();
  std::string kernel = folder.fileFor("a", ".kernel"), model = folder.fileFor("a", ".heddle");
  folder.write(kernel, "1");
  folder.write(model, "22");
  EXPECT_EQ(folder.contents()[".heddle"].bytes, 2u);
  EXPECT_EQ(folder.clear(".kernel"), 1u);
  EXPECT_FALSE(Exists(kernel));
  EXPECT_TRUE(Exists(model));
}

}  // namespace
}  // namespace heddle
