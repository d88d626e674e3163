// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of an artifact file, shared by the writer (compiler) and the loader (runtime).
//
//   offset 0                    ELF shared object: the code
//   program_offset              graph program, a FlatBuffer (program.fbs), 64-byte aligned
//   weights_offset              weights, page-aligned, to weights_offset + weights_size
//   end of file - sizeof(Footer)  Footer
//
// The code digest covers everything before the weights, and the footer up to the digest itself; it
// is checked at every load, before anything is mapped executable. The weights' digest is checked
// on request only, so that loading does not read the weights.

#ifndef HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_
#define HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_

#include <cstdint>

namespace heddle {

inline constexpr char kArtifactMagic[8] = {'H', 'E', 'D', 'D', 'L', 'E', '\r', '\n'};
// Counts changes that older runtimes or artifacts do not know, those of program.fbs included.
inline constexpr uint32_t kArtifactVersion = 2;
inline constexpr uint64_t kWeightAlignment = 64;
inline constexpr uint64_t kPageAlignment = 4096;

// Little-endian, as every target of Heddle is.
struct ArtifactFooter {
  char magic[8];
  uint32_t version;
  uint32_t footer_size;
  uint64_t elf_size;
  uint64_t program_offset;
  uint64_t program_size;
  uint64_t weights_offset;
  uint64_t weights_size;
  uint8_t weights_digest[32];  // SHA-256
  uint8_t code_digest[32];     // SHA-256 of bytes [0, weights_offset) and of the fields above
};
static_assert(sizeof(ArtifactFooter) == 8 + 4 + 4 + 5 * 8 + 64);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_FORMAT_H_
