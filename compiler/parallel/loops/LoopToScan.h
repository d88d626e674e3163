// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Loop of a number of iterations that is known before the first one as an onnx.Scan along axis 0.
// What the body reads at its own step becomes an input, as does the number of the iteration where it is
// used otherwise; a state that only takes what each step gives it becomes an output.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPTOSCAN_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPTOSCAN_H

#include "dialects/onnx/Onnx.h"

#include <string>

namespace heddle {

/// Replaces the loop. Why it stays, empty if it does not.
std::string loopToScan(onnx::LoopOp loop);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPTOSCAN_H
