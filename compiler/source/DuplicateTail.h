// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_COMPILER_SOURCE_DUPLICATETAIL_H
#define HEDDLE_COMPILER_SOURCE_DUPLICATETAIL_H

#include "dialects/onnx/Onnx.h"

namespace heddle {

/// Moves what follows an If in its block into both branches, so that each copy may rely on what
/// its branch yields; the If then yields what the block's end needs. False, and nothing changed,
/// where nothing follows or there is too much of it.
bool duplicateTail(onnx::IfOp branch);

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_DUPLICATETAIL_H
