// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/artifact_writer.h"

#include <cstring>
#include <future>

#include "runtime/artifact/format.h"
#include "runtime/artifact/sha256.h"
#include "runtime/artifact/target_table.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/whole_file.h"

namespace heddle {
namespace {

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

const uint8_t kZeros[kPageAlignment] = {};

}  // namespace

uint64_t ArtifactWriter::AddWeight(absl::Span<const uint8_t> bytes) {
  uint64_t offset = weights_size_;
  weights_.push_back(bytes);
  weights_size_ = AlignUp(offset + bytes.size(), kWeightAlignment);
  return offset;
}

absl::Status ArtifactWriter::Emit(const Sink& sink) const {
  ArtifactFooter footer = {};
  std::memcpy(footer.magic, kArtifactMagic, sizeof(kArtifactMagic));
  footer.version = kArtifactVersion;
  footer.footer_size = sizeof(footer);
  Sha256 hash;
  auto emit = [&](absl::Span<const uint8_t> bytes, uint64_t padding) -> absl::Status {
    for (absl::Span<const uint8_t> part : {bytes, absl::Span<const uint8_t>(kZeros, padding)}) {
      hash.Update(part.data(), part.size());
      HEDDLE_RETURN_IF_ERROR(sink(part));
    }
    return absl::OkStatus();
  };
  std::vector<ArtifactTarget> targets;
  for (const ArtifactImage& image : images_) {
    ArtifactTarget& target = targets.emplace_back();
    target.cpu = image.cpu;
    target.features = image.features;
    target.image_offset = footer.targets_offset;
    target.code_size = image.code.size();
    target.program_offset = AlignUp(image.code.size(), kWeightAlignment);
    target.program_size = image.program.size();
    uint64_t end = target.program_offset + image.program.size();
    target.image_size = AlignUp(end, kPageAlignment);
    HEDDLE_RETURN_IF_ERROR(emit(image.code, target.program_offset - image.code.size()));
    HEDDLE_RETURN_IF_ERROR(emit(image.program, target.image_size - end));
    target.digest = std::exchange(hash, Sha256()).Finish();
    footer.targets_offset += target.image_size;
  }
  std::vector<uint8_t> table = WriteTargets(targets);
  footer.weights_offset = AlignUp(footer.targets_offset + table.size(), kPageAlignment);
  footer.weights_size = weights_size_;
  HEDDLE_RETURN_IF_ERROR(emit(table, footer.weights_offset - footer.targets_offset - table.size()));

  auto for_each_weight = [&](const Sink& take) -> absl::Status {
    for (absl::Span<const uint8_t> weight : weights_) {
      HEDDLE_RETURN_IF_ERROR(take(weight));
      uint64_t padding = AlignUp(weight.size(), kWeightAlignment) - weight.size();
      HEDDLE_RETURN_IF_ERROR(take({kZeros, padding}));
    }
    return absl::OkStatus();
  };
  // Takes about as long as writing does.
  std::future<Sha256Digest> hashed = std::async(std::launch::async, [&] {
    Sha256 hash;
    for_each_weight([&](absl::Span<const uint8_t> bytes) {
      hash.Update(bytes.data(), bytes.size());
      return absl::OkStatus();
    }).IgnoreError();
    return hash.Finish();
  });
  HEDDLE_RETURN_IF_ERROR(for_each_weight(sink));
  Sha256Digest weights_digest = hashed.get();
  std::memcpy(footer.weights_digest, weights_digest.data(), weights_digest.size());
  hash.Update(&footer, offsetof(ArtifactFooter, code_digest));
  Sha256Digest code_digest = hash.Finish();
  std::memcpy(footer.code_digest, code_digest.data(), code_digest.size());
  return sink({reinterpret_cast<const uint8_t*>(&footer), sizeof(footer)});
}

absl::Status ArtifactWriter::WriteFile(const std::string& path) const {
  HEDDLE_ASSIGN_OR_RETURN(WholeFile file, WholeFile::Create(path));
  HEDDLE_RETURN_IF_ERROR(Emit([&](absl::Span<const uint8_t> bytes) {
    return file.Append({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }));
  return file.Commit();
}

std::vector<uint8_t> ArtifactWriter::ToBytes() const {
  std::vector<uint8_t> bytes;
  absl::Status ignored = Emit([&](absl::Span<const uint8_t> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return absl::OkStatus();
  });
  ignored.IgnoreError();
  return bytes;
}

}  // namespace heddle
