// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 (FIPS 180-4), for the digests of artifacts. Uses the processor's SHA instructions where
// there are some: loading must not wait for the hash of a few megabytes of code.

#ifndef HEDDLE_RUNTIME_ARTIFACT_SHA256_H_
#define HEDDLE_RUNTIME_ARTIFACT_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace heddle {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  void Update(const void* data, size_t size);
  // The digest of all that was given; the object is used up.
  Sha256Digest Finish();

 private:
  std::array<uint32_t, 8> state_;
  uint64_t size_ = 0;
  std::array<uint8_t, 64> block_;  // size_ % 64 bytes wait here
};

Sha256Digest Sha256Of(const void* data, size_t size);
std::string HexText(const Sha256Digest& digest);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_SHA256_H_
