// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder of a test's own.

#ifndef HEDDLE_TESTS_UNIT_CACHE_CACHE_TESTING_H_
#define HEDDLE_TESTS_UNIT_CACHE_CACHE_TESTING_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "compiler/cache/CacheFolder.h"

namespace heddle {

class CacheTest : public ::testing::Test {
 protected:
  CacheTest() {
    std::string name = ::testing::TempDir() + "heddle-cache-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~CacheTest() override { std::filesystem::remove_all(root_); }

  CacheFolder Open() { return *CacheFolder::open(root_ + "/cache"); }

  static void Age(const std::string& file, int seconds) {
    timespec time = {::time(nullptr) - seconds, 0};
    timespec both[] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), both, 0), 0);
  }
  static bool Exists(const std::string& file) { return std::filesystem::exists(file); }
  static std::string Read(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void Write(const std::string& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
  }

  std::string root_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_CACHE_CACHE_TESTING_H_
