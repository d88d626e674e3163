// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact's bytes, checked. What is used of it at load (the table of targets; code and graph
// program of the target that this CPU runs best) is read once into memory, the code into sealed
// anonymous memory; the digests are computed over that memory and the code is loaded from it, so
// what was checked is what runs, whatever happens to the file. The weights are mapped from the file
// and not read.
//
//   absl::StatusOr<std::unique_ptr<ArtifactFile>> file = ArtifactFile::Open("model.heddle");
//
// Limits: changed weights, and changed code of other targets, are found by VerifyWeights() only;
// truncating the file while it is mapped raises SIGBUS in whoever reads the weights.
//
// Thread-safety: immutable after opening. Ownership: spans live as long as the object.

#ifndef HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_
#define HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/artifact/format.h"
#include "runtime/artifact/target_table.h"

namespace heddle {

// A mapped range of a descriptor; unmapped at the end.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  // Maps [offset, offset + size) read-only; `offset` is page-aligned. Empty for size 0.
  static absl::StatusOr<Mapping> Create(int descriptor, uint64_t offset, uint64_t size);
  absl::Span<const uint8_t> bytes() const { return {static_cast<uint8_t*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

class ArtifactFile {
 public:
  // `cpu` names the target whose code is wanted, "" the best that this CPU runs.
  static absl::StatusOr<std::unique_ptr<ArtifactFile>> Open(const std::string& path,
                                                            const std::string& cpu = "");
  // Copies the bytes, so they may go afterwards. `name` is for messages.
  static absl::StatusOr<std::unique_ptr<ArtifactFile>> FromMemory(absl::Span<const uint8_t> bytes,
                                                                  const std::string& name,
                                                                  const std::string& cpu = "");

  const std::string& name() const { return name_; }
  const ArtifactFooter& footer() const { return footer_; }
  const std::vector<ArtifactTarget>& targets() const { return targets_; }
  // The target that was picked; code and program are its.
  const ArtifactTarget& target() const { return targets_[picked_]; }
  absl::Span<const uint8_t> elf() const { return image_.bytes().subspan(0, target().code_size); }
  absl::Span<const uint8_t> program() const {
    return image_.bytes().subspan(target().program_offset, target().program_size);
  }
  absl::Span<const uint8_t> weights() const { return weights_.bytes(); }
  // Descriptor of the sealed memory that starts with the code.
  int code_descriptor() const { return image_file_.number(); }

  // Reads what loading did not, all weights and the code of other targets, and compares digests.
  absl::Status VerifyWeights() const;

 private:
  absl::Status Read(Descriptor file, const std::string& cpu);
  absl::Status ReadTargetTable(const Descriptor& file);
  absl::Status ReadImage(const Descriptor& file);

  std::string name_;
  ArtifactFooter footer_ = {};
  std::vector<ArtifactTarget> targets_;
  size_t picked_ = 0;
  Descriptor image_file_;
  Mapping image_;
  Mapping all_images_;  // of the file; only where there are several
  Mapping weights_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_
