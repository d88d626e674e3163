// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of an artifact, mapped into the process with its imports filled in.
//
// Thread-safety: immutable. Ownership: unloads the code at the end; the artifact file that it was
// loaded from lives longer (the dynamic loader knows the code by that descriptor's number, which
// must not be given to another file meanwhile).

#ifndef HEDDLE_RUNTIME_ARTIFACT_LOADED_CODE_H_
#define HEDDLE_RUNTIME_ARTIFACT_LOADED_CODE_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/artifact/artifact_file.h"
#include "runtime/artifact/kernel_abi.h"

namespace heddle {

class LoadedCode {
 public:
  // An import that the runtime does not offer is refused by name. With `kernels` == 0 nothing is
  // loaded.
  static absl::StatusOr<std::unique_ptr<LoadedCode>> Load(
      const ArtifactFile& file, size_t kernels, const std::vector<std::string_view>& imports);
  ~LoadedCode();

  absl::Span<const HeddleKernel> kernels() const { return kernels_; }

 private:
  LoadedCode() = default;
  void* handle_ = nullptr;
  std::vector<HeddleKernel> kernels_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_LOADED_CODE_H_
