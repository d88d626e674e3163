// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/elf_check.h"

#include <elf.h>

#include <cstring>
#include <optional>

namespace heddle {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "Heddle's runtime knows x86-64 and AArch64"
#endif

// Copies, because nothing in the file needs to be aligned.
template <typename T>
std::optional<T> ReadAt(absl::Span<const uint8_t> bytes, uint64_t offset) {
  if (offset > bytes.size() || sizeof(T) > bytes.size() - offset) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

absl::Status Damaged() { return absl::DataLossError("damaged artifact: malformed code section"); }

absl::Status CheckDynamic(absl::Span<const uint8_t> elf, const Elf64_Phdr& segment) {
  for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
    std::optional<Elf64_Dyn> entry = ReadAt<Elf64_Dyn>(elf, segment.p_offset + at);
    if (!entry) return Damaged();
    switch (entry->d_tag) {
      case DT_NULL:
        return absl::OkStatus();
      case DT_NEEDED:
        return absl::InvalidArgumentError("artifact refused: its code needs another library");
      case DT_INIT:
      case DT_INIT_ARRAY:
      case DT_PREINIT_ARRAY:
      case DT_FINI:
      case DT_FINI_ARRAY:
        return absl::InvalidArgumentError(
            "artifact refused: its code has constructors or destructors");
      default:
        break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckElf(absl::Span<const uint8_t> elf) {
  std::optional<Elf64_Ehdr> header = ReadAt<Elf64_Ehdr>(elf, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_type != ET_DYN || header->e_phentsize != sizeof(Elf64_Phdr)) {
    return Damaged();
  }
  if (header->e_machine != kMachine) {
    return absl::FailedPreconditionError("artifact was compiled for another kind of processor");
  }
  for (int i = 0; i < header->e_phnum; ++i) {
    if (header->e_phoff > elf.size()) return Damaged();
    std::optional<Elf64_Phdr> segment =
        ReadAt<Elf64_Phdr>(elf, header->e_phoff + i * sizeof(Elf64_Phdr));
    // A segment past the end would raise SIGBUS at its first touch.
    if (!segment || segment->p_offset > elf.size() ||
        segment->p_filesz > elf.size() - segment->p_offset) {
      return Damaged();
    }
    if (segment->p_type == PT_INTERP) return Damaged();
    if (segment->p_type == PT_DYNAMIC) {
      absl::Status status = CheckDynamic(elf, *segment);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace heddle
