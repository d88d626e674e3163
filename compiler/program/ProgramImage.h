// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler made, as parts of an artifact. Nothing is copied: code, program and weights
// outlive the writer.

#ifndef HEDDLE_COMPILER_PROGRAM_PROGRAMIMAGE_H
#define HEDDLE_COMPILER_PROGRAM_PROGRAMIMAGE_H

#include "compiler/codegen/NativeCode.h"
#include "compiler/program/WeightLayout.h"
#include "runtime/artifact/artifact_writer.h"

namespace heddle {

inline void addTarget(ArtifactWriter &writer, const codegen::Target &target,
                      const codegen::NativeCode &code, const std::vector<uint8_t> &program) {
  writer.AddTarget({.cpu = target.cpu(),
                    .features = target.features(),
                    .code = {reinterpret_cast<const uint8_t *>(code.elf.data()), code.elf.size()},
                    .program = program});
}

inline void addWeights(ArtifactWriter &writer, const WeightLayout &weights) {
  for (llvm::ArrayRef<char> weight : weights.list())
    writer.AddWeight({reinterpret_cast<const uint8_t *>(weight.data()), weight.size()});
}

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_PROGRAMIMAGE_H
