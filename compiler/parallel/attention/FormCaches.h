// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_FORMCACHES_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_FORMCACHES_H

#include "mlir/Pass/Pass.h"

namespace heddle {

/// The pass heddle-form-caches. With `inputs`, inputs and outputs of the program may change their
/// shapes.
std::unique_ptr<mlir::Pass> createFormCaches(bool inputs);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_FORMCACHES_H
