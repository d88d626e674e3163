// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are written whole: what stands at their path before, and what others see meanwhile.

#include "runtime/support/whole_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace heddle {
namespace {

using ::testing::HasSubstr;

class WholeFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "heddle_whole_file_test";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string folder_;
};

TEST_F(WholeFileTest, TakesTheOldOnesPlaceWhenItIsComplete) {
  ASSERT_TRUE(WriteWholeFile(Path("a"), {"old"}).ok());
  {
    absl::StatusOr<WholeFile> file = WholeFile::Create(Path("a"));
    ASSERT_TRUE(file.ok() && file->Append("half").ok());
    EXPECT_EQ(Read(Path("a")), "old");
  }
  EXPECT_EQ(Read(Path("a")), "old");
  EXPECT_TRUE(WriteWholeFile(Path("a"), {"all ", "of it"}).ok());
  EXPECT_EQ(Read(Path("a")), "all of it");
  auto files = std::filesystem::directory_iterator(Path(""));
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(WholeFileTest, ALinkStaysAndWhatItLeadsToIsReplaced) {
  ASSERT_TRUE(WriteWholeFile(Path("a"), {"old"}).ok());
  std::filesystem::create_symlink("a", Path("link"));
  EXPECT_TRUE(WriteWholeFile(Path("link"), {"new"}).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(Read(Path("a")), "new");
}

TEST_F(WholeFileTest, WhatIsNoFileIsWrittenAsItIs) {
  std::filesystem::create_symlink("/dev/full", Path("full"));
  EXPECT_THAT(WriteWholeFile(Path("full"), {"x"}).ToString(), HasSubstr("No space left"));
  EXPECT_TRUE(std::filesystem::is_character_file(Path("full")));
  std::filesystem::create_symlink("/dev/null", Path("null"));
  EXPECT_TRUE(WriteWholeFile(Path("null"), {"x"}).ok());
  EXPECT_TRUE(std::filesystem::is_character_file(Path("null")));
  EXPECT_THAT(WriteWholeFile(Path(""), {"x"}).ToString(), HasSubstr("Is a directory"));
  EXPECT_THAT(WriteWholeFile(Path("nowhere/a"), {"x"}).ToString(), HasSubstr("No such file"));
}

TEST_F(WholeFileTest, PermissionsAreThoseOfAnyNewFile) {
  const mode_t before = ::umask(027);
  EXPECT_TRUE(WriteWholeFile(Path("a"), {"x"}).ok());
  EXPECT_EQ(::umask(before), 027u);
  EXPECT_EQ(std::filesystem::status(Path("a")).permissions(), std::filesystem::perms(0640));
}

}  // namespace
}  // namespace heddle
