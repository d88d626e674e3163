// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/unit/codegen/KernelLoader.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace heddle::codegen {
namespace {

[[noreturn]] void fail(const std::string &what) {
  std::fprintf(stderr, "loading kernels: %s\n", what.c_str());
  std::abort();
}

} // namespace

LoadedKernels LoadedKernels::load(const NativeCode &code) {
  int fd = memfd_create("kernels", MFD_CLOEXEC);
  if (fd < 0 || write(fd, code.elf.data(), code.elf.size()) != ssize_t(code.elf.size()))
    fail("no memory file");
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    fail(dlerror());
  LoadedKernels kernels;
  // The loader knows libraries by path, so the number must stay taken.
  kernels.library = std::shared_ptr<void>(handle, [fd](void *library) {
    dlclose(library);
    close(fd);
  });
  kernels.table = static_cast<HeddleKernel *>(dlsym(handle, HEDDLE_KERNEL_TABLE));
  void **imports = static_cast<void **>(dlsym(handle, HEDDLE_IMPORT_TABLE));
  if (!kernels.table || !imports)
    fail("a table is missing");
  for (size_t i = 0; i < code.imports.size(); ++i) {
    imports[i] = dlsym(RTLD_DEFAULT, code.imports[i].c_str());
    if (!imports[i])
      fail("unknown import " + code.imports[i]);
  }
  return kernels;
}

int32_t LoadedKernels::call(size_t kernel, const std::vector<const void *> &buffers,
                            const std::vector<int64_t> &dims, int64_t begin, int64_t end,
                            size_t scratchBytes) const {
  void *scratch = scratchBytes ? std::aligned_alloc(64, (scratchBytes + 63) / 64 * 64) : nullptr;
  if (scratch)
    std::memset(scratch, 0, sizeof(int64_t)); // as kernel_abi.h says
  int32_t status =
      table[kernel](const_cast<void *const *>(buffers.data()), dims.data(), begin, end, scratch);
  std::free(scratch);
  return status;
}

} // namespace heddle::codegen
