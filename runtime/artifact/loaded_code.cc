// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/loaded_code.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/artifact/elf_check.h"
#include "runtime/artifact/import_table.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// The symbol's address, provided that `bytes` fit in it: its table must be as long as the program
// says.
absl::StatusOr<void*> FindTable(void* handle, const char* name, size_t bytes) {
  void* address = ::dlsym(handle, name);
  if (address == nullptr) {
    return absl::DataLossError(absl::StrCat("damaged artifact: its code has no ", name));
  }
  Dl_info info;
  const ElfW(Sym)* symbol = nullptr;
  if (::dladdr1(address, &info, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&symbol)),
                RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr || symbol->st_size < bytes) {
    return absl::DataLossError(
        absl::StrCat("damaged artifact: ", name, " is shorter than the program says"));
  }
  return address;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoadedCode>> LoadedCode::Load(
    const ArtifactFile& file, size_t kernels, const std::vector<std::string_view>& imports) {
  std::unique_ptr<LoadedCode> code(new LoadedCode);
  std::vector<void*> addresses;
  std::vector<std::string> unknown;
  for (std::string_view name : imports) {
    addresses.push_back(FindImport(name));
    if (addresses.back() == nullptr) unknown.push_back(Quoted(name));
  }
  if (!unknown.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("artifact refused: its code needs functions that this runtime does not have: ",
                     absl::StrJoin(unknown, ", ")));
  }
  if (kernels == 0) return code;

  HEDDLE_RETURN_IF_ERROR(CheckElf(file.elf()));
  std::string path = absl::StrCat("/proc/self/fd/", file.code_descriptor());
  code->handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (code->handle_ == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("artifact refused: ", ::dlerror()));
  }
  if (!addresses.empty()) {
    HEDDLE_ASSIGN_OR_RETURN(void* table, FindTable(code->handle_, HEDDLE_IMPORT_TABLE,
                                                   addresses.size() * sizeof(void*)));
    std::copy(addresses.begin(), addresses.end(), static_cast<void**>(table));
  }
  HEDDLE_ASSIGN_OR_RETURN(
      void* table, FindTable(code->handle_, HEDDLE_KERNEL_TABLE, kernels * sizeof(HeddleKernel)));
  auto* entries = static_cast<const HeddleKernel*>(table);
  code->kernels_.assign(entries, entries + kernels);
  for (HeddleKernel kernel : code->kernels_) {
    if (kernel == nullptr) return absl::DataLossError("damaged artifact: a kernel has no code");
  }
  return code;
}

LoadedCode::~LoadedCode() {
  if (handle_ != nullptr) ::dlclose(handle_);
}

}  // namespace heddle
