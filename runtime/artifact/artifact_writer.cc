// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/artifact_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <future>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/format.h"
#include "runtime/artifact/sha256.h"
#include "runtime/artifact/target_table.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

const uint8_t kZeros[kPageAlignment] = {};

absl::Status FileError(const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
}

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
  // Half a second for a gigabyte, as long as writing it takes.
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
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return FileError(path);
  absl::Status status = Emit([&](absl::Span<const uint8_t> bytes) -> absl::Status {
    while (!bytes.empty()) {
      ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return FileError(path);
      bytes.remove_prefix(put);
    }
    return absl::OkStatus();
  });
  // The temporary file was private; an artifact has the permissions any new file gets.
  mode_t mask = ::umask(0);
  ::umask(mask);
  if (status.ok() && ::fchmod(descriptor, 0666 & ~mask) != 0) status = FileError(path);
  if (::close(descriptor) != 0 && status.ok()) status = FileError(path);
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) status = FileError(path);
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
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
