// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether this processor, and the operating system on it, has what an artifact was compiled for.

#ifndef HEDDLE_RUNTIME_ARTIFACT_CPU_FEATURES_H_
#define HEDDLE_RUNTIME_ARTIFACT_CPU_FEATURES_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace heddle {

// Features by LLVM's names. FailedPrecondition names the first that is missing or unknown. Asks
// the kernel for the tile registers where AMX is among the features.
absl::Status CheckCpuFeatures(const std::vector<std::string_view>& features);

// Those of the known features that this processor has.
std::vector<std::string_view> HostCpuFeatures();

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_CPU_FEATURES_H_
