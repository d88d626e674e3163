// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/artifact_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
  if (footer.targets_offset > footer.weights_offset) {
    return absl::DataLossError("damaged artifact: table of targets");
  }
  return absl::OkStatus();
}

// A table of targets is a page or two; more is read from no file.
constexpr uint64_t kMostTableBytes = 1 << 20;

bool Same(const Sha256Digest& digest, const uint8_t (&recorded)[32]) {
  return std::equal(digest.begin(), digest.end(), recorded);
}

absl::Status CheckImage(const ArtifactTarget& target, absl::Span<const uint8_t> image) {
  if (Sha256Of(image.data(), image.size()) == target.digest) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("damaged artifact: the digest of its code for ",
                                          Quoted(target.cpu), " does not match"));
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

absl::Status ArtifactFile::ReadTargetTable(const Descriptor& file) {
  // As numbers of 64 bits, so that it is aligned.
  uint64_t size = footer_.weights_offset - footer_.targets_offset;
  if (size > kMostTableBytes) return absl::DataLossError("damaged artifact: table of targets");
  std::vector<uint64_t> table((size + 7) / 8);
  HEDDLE_RETURN_IF_ERROR(ReadAt(file.number(), table.data(), size, footer_.targets_offset));
  Sha256 hash;
  hash.Update(table.data(), size);
  hash.Update(&footer_, offsetof(ArtifactFooter, code_digest));
  if (!Same(hash.Finish(), footer_.code_digest)) {
    return absl::DataLossError("damaged artifact: the digest of its targets does not match");
  }
  HEDDLE_ASSIGN_OR_RETURN(
      targets_,
      ReadTargets({reinterpret_cast<const uint8_t*>(table.data()), size}, footer_.targets_offset));
  return absl::OkStatus();
}

// Copied and sealed before it is looked at.
absl::Status ArtifactFile::ReadImage(const Descriptor& file) {
  const uint64_t size = target().image_size;
  HEDDLE_ASSIGN_OR_RETURN(image_file_, AnonymousFile());
  if (::ftruncate(image_file_.number(), static_cast<off_t>(size)) != 0) {
    return SystemError(absl::StatusCode::kResourceExhausted, "anonymous memory");
  }
  if (size > 0) {
    void* copy = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, image_file_.number(), 0);
    if (copy == MAP_FAILED) return SystemError(absl::StatusCode::kResourceExhausted, "mmap");
    absl::Status read = ReadAt(file.number(), copy, size, target().image_offset);
    ::munmap(copy, size);
    HEDDLE_RETURN_IF_ERROR(read);
  }
  if (::fcntl(image_file_.number(), F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return SystemError(absl::StatusCode::kUnavailable, "sealing");
  }
  HEDDLE_ASSIGN_OR_RETURN(image_, Mapping::Create(image_file_.number(), 0, size));
  return CheckImage(target(), image_.bytes());
}

absl::Status ArtifactFile::Read(Descriptor file, const std::string& cpu) {
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
  HEDDLE_RETURN_IF_ERROR(ReadTargetTable(file));
  HEDDLE_ASSIGN_OR_RETURN(picked_, PickTarget(targets_, cpu));
  HEDDLE_RETURN_IF_ERROR(ReadImage(file));
  if (targets_.size() > 1) {
    HEDDLE_ASSIGN_OR_RETURN(all_images_, Mapping::Create(file.number(), 0, footer_.targets_offset));
  }
  HEDDLE_ASSIGN_OR_RETURN(
      weights_, Mapping::Create(file.number(), footer_.weights_offset, footer_.weights_size));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ArtifactFile>> ArtifactFile::Open(const std::string& path,
                                                                 const std::string& cpu) {
  // Non-blocking, so that naming a pipe is an error and not a hang.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    absl::StatusCode code =
        errno == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable;
    return SystemError(code, path);
  }
  std::unique_ptr<ArtifactFile> artifact(new ArtifactFile);
  artifact->name_ = path;
  absl::Status status = artifact->Read(std::move(file), cpu);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  }
  return artifact;
}

absl::StatusOr<std::unique_ptr<ArtifactFile>> ArtifactFile::FromMemory(
    absl::Span<const uint8_t> bytes, const std::string& name, const std::string& cpu) {
  std::unique_ptr<ArtifactFile> artifact(new ArtifactFile);
  artifact->name_ = name;
  absl::Status status = [&]() -> absl::Status {
    HEDDLE_ASSIGN_OR_RETURN(Descriptor file, AnonymousFile());
    HEDDLE_RETURN_IF_ERROR(WriteAll(file.number(), bytes));
    return artifact->Read(std::move(file), cpu);
  }();
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  }
  return artifact;
}

absl::Status ArtifactFile::VerifyWeights() const {
  if (!Same(Sha256Of(weights().data(), weights().size()), footer_.weights_digest)) {
    return absl::DataLossError(
        absl::StrCat(name_, ": damaged artifact: the digest of its weights does not match"));
  }
  if (targets_.size() == 1) return absl::OkStatus();
  for (const ArtifactTarget& t : targets_) {
    absl::Status status = CheckImage(t, all_images_.bytes().subspan(t.image_offset, t.image_size));
    if (!status.ok())
      return absl::Status(status.code(), absl::StrCat(name_, ": ", status.message()));
  }
  return absl::OkStatus();
}

}  // namespace heddle
