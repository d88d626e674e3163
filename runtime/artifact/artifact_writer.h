// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts an artifact together of its parts (format.h has the layout). Needs no compiler: tests write
// artifacts with it, too.
//
//   ArtifactWriter writer;
//   uint64_t offset = writer.AddWeight(bytes);
//   writer.AddTarget({.cpu = "x86-64-v3", .features = {"avx2"}, .code = elf, .program = program});
//   absl::Status status = writer.WriteFile("model.heddle");
//
// Code, programs and weights are not copied: what was added stays valid until the write.

#ifndef HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
#define HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace heddle {

// What one target CPU runs; without code for a program without kernels.
struct ArtifactImage {
  std::string cpu;
  std::vector<std::string> features;
  absl::Span<const uint8_t> code;
  absl::Span<const uint8_t> program;
};

class ArtifactWriter {
 public:
  ArtifactWriter() = default;

  // Returns the weight's offset from the start of the weights; multiples of kWeightAlignment.
  uint64_t AddWeight(absl::Span<const uint8_t> bytes);
  // At least one; all launch on the same weights.
  void AddTarget(ArtifactImage image) { images_.push_back(std::move(image)); }

  // Writes to a temporary file beside `path` and renames it, so that no half-written artifact ever
  // has the name.
  absl::Status WriteFile(const std::string& path) const;
  std::vector<uint8_t> ToBytes() const;

 private:
  using Sink = std::function<absl::Status(absl::Span<const uint8_t>)>;
  absl::Status Emit(const Sink& sink) const;

  std::vector<ArtifactImage> images_;
  std::vector<absl::Span<const uint8_t>> weights_;
  uint64_t weights_size_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
