// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/artifact_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/sha256.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

absl::Status SystemError(absl::StatusCode code, std::string_view what) {
  return absl::Status(code, absl::StrCat(Absl(what), ": ", std::strerror(errno)));
}

absl::Status ReadAt(int descriptor, void* data, uint64_t size, uint64_t offset) {
  auto* bytes = static_cast<uint8_t*>(data);
  while (size > 0) {
    ssize_t got = ::pread(descriptor, bytes, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(absl::StatusCode::kUnavailable, "reading");
    if (got == 0) return absl::DataLossError("the file became shorter while it was read");
    bytes += got;
    offset += got;
    size -= got;
  }
  return absl::OkStatus();
}

absl::Status WriteAll(int descriptor, absl::Span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return SystemError(absl::StatusCode::kResourceExhausted, "anonymous memory");
    bytes.remove_prefix(put);
  }
  return absl::OkStatus();
}

absl::StatusOr<Descriptor> AnonymousFile() {
  Descriptor file(::memfd_create("heddle", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return SystemError(absl::StatusCode::kResourceExhausted, "memfd_create");
  return file;
}

// Everything the footer says about places, before any of it is used. Sums cannot overflow because
// each term is first bounded by the file's size.
absl::Status CheckFooter(const ArtifactFooter& footer, uint64_t file_size) {
  if (std::memcmp(footer.magic, kArtifactMagic, sizeof(kArtifactMagic)) != 0) {
    return absl::InvalidArgumentError("not a Heddle artifact, or its end is missing");
  }
  if (footer.version != kArtifactVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("artifact format version ", footer.version, ", this runtime reads version ",
                     kArtifactVersion, "; compile the model again"));
  }
  if (footer.footer_size != sizeof(ArtifactFooter)) {
    return absl::DataLossError("damaged artifact: footer size");
  }
  uint64_t end = file_size - sizeof(ArtifactFooter);
  if (footer.weights_offset > end || footer.weights_size > end - footer.weights_offset ||
      footer.weights_offset + footer.weights_size != end ||
      footer.weights_offset % kPageAlignment != 0) {
    return absl::DataLossError("damaged or truncated artifact: weights section");
  }
  if (footer.program_offset > footer.weights_offset ||
      footer.program_size > footer.weights_offset - footer.program_offset ||
      footer.program_offset % kWeightAlignment != 0) {
    return absl::DataLossError("damaged artifact: program section");
  }
  if (footer.elf_size > footer.program_offset) {
    return absl::DataLossError("damaged artifact: code section");
  }
  return absl::OkStatus();
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

absl::StatusOr<Mapping> Mapping::Create(int descriptor, uint64_t offset, uint64_t size) {
  Mapping mapping;
  if (size == 0) return mapping;
  void* data =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return SystemError(absl::StatusCode::kResourceExhausted, "mmap");
  mapping.data_ = data;
  mapping.size_ = size;
  return mapping;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}
Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

absl::Status ArtifactFile::Read(Descriptor file) {
  struct stat info;
  if (::fstat(file.number(), &info) != 0) {
    return SystemError(absl::StatusCode::kUnavailable, "fstat");
  }
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError("not a regular file");
  auto size = static_cast<uint64_t>(info.st_size);
  if (size < sizeof(ArtifactFooter)) {
    return absl::InvalidArgumentError("not a Heddle artifact: too short");
  }
  HEDDLE_RETURN_IF_ERROR(ReadAt(file.number(), &footer_, sizeof(footer_), size - sizeof(footer_)));
  HEDDLE_RETURN_IF_ERROR(CheckFooter(footer_, size));

  // The digested part, copied and sealed before it is looked at.
  uint64_t head_size = footer_.weights_offset;
  HEDDLE_ASSIGN_OR_RETURN(head_file_, AnonymousFile());
  if (::ftruncate(head_file_.number(), static_cast<off_t>(head_size)) != 0) {
    return SystemError(absl::StatusCode::kResourceExhausted, "anonymous memory");
  }
  if (head_size > 0) {
    void* copy =
        ::mmap(nullptr, head_size, PROT_READ | PROT_WRITE, MAP_SHARED, head_file_.number(), 0);
    if (copy == MAP_FAILED) return SystemError(absl::StatusCode::kResourceExhausted, "mmap");
    absl::Status read = ReadAt(file.number(), copy, head_size, 0);
    ::munmap(copy, head_size);
    HEDDLE_RETURN_IF_ERROR(read);
  }
  if (::fcntl(head_file_.number(), F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return SystemError(absl::StatusCode::kUnavailable, "sealing");
  }
  HEDDLE_ASSIGN_OR_RETURN(head_, Mapping::Create(head_file_.number(), 0, head_size));

  Sha256 hash;
  hash.Update(head_.bytes().data(), head_.bytes().size());
  hash.Update(&footer_, offsetof(ArtifactFooter, code_digest));
  Sha256Digest digest = hash.Finish();
  if (std::memcmp(digest.data(), footer_.code_digest, digest.size()) != 0) {
    return absl::DataLossError("damaged artifact: the digest of its code does not match");
  }
  HEDDLE_ASSIGN_OR_RETURN(
      weights_, Mapping::Create(file.number(), footer_.weights_offset, footer_.weights_size));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ArtifactFile>> ArtifactFile::Open(const std::string& path) {
  // Non-blocking, so that naming a pipe is an error and not a hang.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    absl::StatusCode code =
        errno == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable;
    return SystemError(code, path);
  }
  std::unique_ptr<ArtifactFile> artifact(new ArtifactFile);
  artifact->name_ = path;
  absl::Status status = artifact->Read(std::move(file));
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  }
  return artifact;
}

absl::StatusOr<std::unique_ptr<ArtifactFile>> ArtifactFile::FromMemory(
    absl::Span<const uint8_t> bytes, const std::string& name) {
  std::unique_ptr<ArtifactFile> artifact(new ArtifactFile);
  artifact->name_ = name;
  absl::Status status = [&]() -> absl::Status {
    HEDDLE_ASSIGN_OR_RETURN(Descriptor file, AnonymousFile());
    HEDDLE_RETURN_IF_ERROR(WriteAll(file.number(), bytes));
    return artifact->Read(std::move(file));
  }();
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  }
  return artifact;
}

absl::Status ArtifactFile::VerifyWeights() const {
  Sha256Digest digest = Sha256Of(weights().data(), weights().size());
  if (std::memcmp(digest.data(), footer_.weights_digest, digest.size()) != 0) {
    return absl::DataLossError(
        absl::StrCat(name_, ": damaged artifact: the digest of its weights does not match"));
  }
  return absl::OkStatus();
}

}  // namespace heddle
