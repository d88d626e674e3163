// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of an artifact file, shared by the writer (compiler) and the loader (runtime).
//
//   offset 0                    images, one for each target CPU, each page-aligned:
//                                 ELF shared object: the code
//                                 graph program, a FlatBuffer (program.fbs), 64-byte aligned
//   targets_offset              table of the targets and their images (targets.fbs), page-aligned
//   weights_offset              weights, page-aligned, to weights_offset + weights_size
//   end of file - sizeof(Footer)  Footer
//
// The code digest covers the table, with the digests of the images in it, and the footer up to the
// digest itself. It is checked at every load, and so is the digest of the one image that this CPU
// is to run, before anything is mapped executable. Weights and the other images are not read by
// loading; their digests are checked on request only.

#ifndef HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_
#define HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_

#include <cstdint>

namespace heddle {

inline constexpr char kArtifactMagic[8] = {'H', 'E', 'D', 'D', 'L', 'E', '\r', '\n'};
// Counts changes that older runtimes or artifacts do not know, those of program.fbs included.
inline constexpr uint32_t kArtifactVersion = 4;
inline constexpr uint64_t kWeightAlignment = 64;
inline constexpr uint64_t kPageAlignment = 4096;

// Little-endian, as every target of Heddle is.
struct ArtifactFooter {
  char magic[8];
  uint32_t version;
  uint32_t footer_size;
  uint64_t targets_offset;
  uint64_t reserved[2];  // zeros: the version stays where older runtimes look for it
  uint64_t weights_offset;
  uint64_t weights_size;
  uint8_t weights_digest[32];  // SHA-256
  uint8_t code_digest[32];  // SHA-256 of [targets_offset, weights_offset) and of the fields above
};
static_assert(sizeof(ArtifactFooter) == 8 + 4 + 4 + 5 * 8 + 64);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_
