// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact's bytes, checked. The part that is digested at load (code and graph program) is read
// once into sealed anonymous memory; the digest is computed over that memory and the code is loaded
// from it, so what was checked is what runs, whatever happens to the file. The weights are mapped
// from the file and not read.
//
//   absl::StatusOr<std::unique_ptr<ArtifactFile>> file = ArtifactFile::Open("model.heddle");
//
// Limits: changed weights are found by VerifyWeights() only; truncating the file while it is mapped
// raises SIGBUS in whoever reads the weights.
//
// Thread-safety: immutable after opening. Ownership: spans live as long as the object.

#ifndef HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_
#define HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/artifact/format.h"

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
  static absl::StatusOr<std::unique_ptr<ArtifactFile>> Open(const std::string& path);
  // Copies the bytes, so they may go afterwards. `name` is for messages.
  static absl::StatusOr<std::unique_ptr<ArtifactFile>> FromMemory(absl::Span<const uint8_t> bytes,
                                                                  const std::string& name);

  const std::string& name() const { return name_; }
  const ArtifactFooter& footer() const { return footer_; }
  absl::Span<const uint8_t> elf() const { return head_.bytes().subspan(0, footer_.elf_size); }
  absl::Span<const uint8_t> program() const {
    return head_.bytes().subspan(footer_.program_offset, footer_.program_size);
  }
  absl::Span<const uint8_t> weights() const { return weights_.bytes(); }
  // Descriptor of the sealed memory that starts with the code.
  int code_descriptor() const { return head_file_.number(); }

  // Reads all weights and compares their digest.
  absl::Status VerifyWeights() const;

 private:
  absl::Status Read(Descriptor file);

  std::string name_;
  ArtifactFooter footer_ = {};
  Descriptor head_file_;
  Mapping head_;
  Mapping weights_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_ARTIFACT_FILE_H_
