// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CompilerIdentity.h"

#include <link.h>
#include <string_view>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/LogicalResult.h"
#include "llvm/Support/MathExtras.h"

namespace mlir {
class Operation;
llvm::LogicalResult verify(Operation *op, bool verifyRecursively);
} // namespace mlir
namespace llvm {
class Module;
class raw_ostream;
bool verifyModule(const Module &module, raw_ostream *os, bool *brokenDebugInfo);
} // namespace llvm

namespace heddle::codegen {
namespace {

struct LoadedFile {
  uintptr_t address; // of something in it
  std::string buildId;
};

std::string buildIdIn(const char *notes, size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    const auto *note = reinterpret_cast<const ElfW(Nhdr) *>(notes);
    size_t name = llvm::alignTo(note->n_namesz, 4), text = llvm::alignTo(note->n_descsz, 4);
    const char *content = notes + sizeof *note;
    if (sizeof *note + name + text > size)
      break;
    if (note->n_type == NT_GNU_BUILD_ID &&
        std::string_view(content, note->n_namesz) == std::string_view("GNU", 4))
      return llvm::toHex(llvm::StringRef(content + name, note->n_descsz));
    notes = content + name + text;
    size -= sizeof *note + name + text;
  }
  return {};
}

int lookInto(dl_phdr_info *info, size_t, void *data) {
  auto &wanted = *static_cast<LoadedFile *>(data);
  bool contains = false;
  std::string id;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &part = info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD)
      contains |= wanted.address >= start && wanted.address < start + part.p_memsz;
    if (part.p_type == PT_NOTE && id.empty())
      id = buildIdIn(reinterpret_cast<const char *>(start), part.p_memsz);
  }
  if (contains)
    wanted.buildId = id;
  return contains;
}

/// What the linker noted of the file that a function is in: another build has another one.
std::string buildIdOf(const void *function) {
  LoadedFile file{reinterpret_cast<uintptr_t>(function), {}};
  dl_iterate_phdr(lookInto, &file);
  return file.buildId;
}

} // namespace

const std::string &compilerIdentity() {
  static const std::string identity = [] {
    std::string text;
    for (const void *function : {reinterpret_cast<const void *>(&compilerIdentity),
                                 reinterpret_cast<const void *>(&mlir::verify),
                                 reinterpret_cast<const void *>(&llvm::verifyModule)}) {
      std::string id = buildIdOf(function);
      if (id.empty())
        return std::string();
      text += id + "\n";
    }
    return text;
  }();
  return identity;
}

} // namespace heddle::codegen
