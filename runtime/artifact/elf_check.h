// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the code section must not do: need other libraries, or run anything while it is loaded.
// Reads the ELF headers with every offset checked; the dynamic loader sees the bytes afterwards.

#ifndef HEDDLE_RUNTIME_ARTIFACT_ELF_CHECK_H_
#define HEDDLE_RUNTIME_ARTIFACT_ELF_CHECK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace heddle {

absl::Status CheckElf(absl::Span<const uint8_t> elf);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_ELF_CHECK_H_
