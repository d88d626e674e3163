// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts an artifact together of its parts (format.h has the layout). Needs no compiler: tests write
// artifacts with it, too.
//
//   ArtifactWriter writer;
//   writer.SetCode(elf);  // not at all for a program without kernels
//   uint64_t offset = writer.AddWeight(bytes);
//   writer.SetProgram(program);
//   absl::Status status = writer.WriteFile("model.heddle");
//
// Weights are not copied: what was added stays valid until the write.

#ifndef HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
#define HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace heddle {

class ArtifactWriter {
 public:
  ArtifactWriter() = default;

  // Returns the weight's offset from the start of the weights; multiples of kWeightAlignment.
  uint64_t AddWeight(absl::Span<const uint8_t> bytes);
  void SetCode(absl::Span<const uint8_t> elf) { elf_ = elf; }
  void SetProgram(absl::Span<const uint8_t> program) { program_ = program; }

  // Writes to a temporary file beside `path` and renames it, so that no half-written artifact ever
  // has the name.
  absl::Status WriteFile(const std::string& path) const;
  std::vector<uint8_t> ToBytes() const;

 private:
  using Sink = std::function<absl::Status(absl::Span<const uint8_t>)>;
  absl::Status Emit(const Sink& sink) const;

  absl::Span<const uint8_t> elf_;
  absl::Span<const uint8_t> program_;
  std::vector<absl::Span<const uint8_t>> weights_;
  uint64_t weights_size_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_WRITER_H_
