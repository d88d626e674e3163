// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of an artifact's targets (targets.fbs), and which of them a CPU runs.
//
//   HEDDLE_ASSIGN_OR_RETURN(std::vector<ArtifactTarget> targets, ReadTargets(bytes, images_end));
//   HEDDLE_ASSIGN_OR_RETURN(size_t picked, PickTarget(targets, ""));

#ifndef HEDDLE_RUNTIME_ARTIFACT_TARGET_TABLE_H_
#define HEDDLE_RUNTIME_ARTIFACT_TARGET_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/artifact/sha256.h"

namespace heddle {

struct ArtifactTarget {
  std::string cpu;
  std::vector<std::string> features;
  uint64_t image_offset = 0;
  uint64_t image_size = 0;
  uint64_t code_size = 0;
  uint64_t program_offset = 0;  // from the start of the image
  uint64_t program_size = 0;
  Sha256Digest digest = {};
};

std::vector<uint8_t> WriteTargets(const std::vector<ArtifactTarget>& targets);

// `bytes` are aligned to 8; bytes after the table are allowed. Every image lies before
// `images_end`, its parts lie within it.
absl::StatusOr<std::vector<ArtifactTarget>> ReadTargets(absl::Span<const uint8_t> bytes,
                                                        uint64_t images_end);

// The index of the target with the most features among those that this CPU runs; of equal ones the
// first. With `cpu`, the one of that name, provided that this CPU runs it.
absl::StatusOr<size_t> PickTarget(const std::vector<ArtifactTarget>& targets, std::string_view cpu);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_TARGET_TABLE_H_
