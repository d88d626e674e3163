// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace heddle {
namespace {

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(HexText(Sha256Of("", 0)),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexText(Sha256Of("abc", 3)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  std::string million(1000000, 'a');
  EXPECT_EQ(HexText(Sha256Of(million.data(), million.size())),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnThePieces) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  Sha256Digest whole = Sha256Of(text.data(), text.size());
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    Sha256 hash;
    for (size_t at = 0; at < text.size();) {
      size_t size = std::min<size_t>(random() % 150, text.size() - at);
      hash.Update(text.data() + at, size);
      at += size;
    }
    ASSERT_EQ(hash.Finish(), whole);
  }
}

}  // namespace
}  // namespace heddle
