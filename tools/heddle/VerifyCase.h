// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One case of `heddle verify`, as its child process does it: compile, run each data set, compare.

#ifndef HEDDLE_TOOLS_HEDDLE_VERIFYCASE_H
#define HEDDLE_TOOLS_HEDDLE_VERIFYCASE_H

#include "tools/heddle/CaseFolder.h"
#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/CompareTensors.h"
#include "tools/heddle/CompilerLibrary.h"

#include <string>

namespace heddle::cli {

struct VerifyOptions {
  Tolerance tolerance;
  CompileRequest compile; ///< without model and output
  int threads = 0;
  /// Expects what the model gives at precision f32, in place of the case's outputs.
  bool againstF32 = false;
};

enum class Verdict { Passed, Failed, Skipped };

struct VerifyResult {
  Verdict verdict = Verdict::Failed;
  std::string reason; ///< of a case that passed, only its errors against f32
};

VerifyResult verifyCase(const Case &theCase, const VerifyOptions &options, ChildReport &report);

const char *verdictName(Verdict verdict);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_VERIFYCASE_H
