// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the single-node test cases of the model format: just enough of the wire format, written
// for the tests so that they do not depend on the compiler's reader.

#ifndef HEDDLE_TESTS_UNIT_LIBRARY_MODEL_CASE_H_
#define HEDDLE_TESTS_UNIT_LIBRARY_MODEL_CASE_H_

#include <string>
#include <vector>

#include "tests/unit/library/fake_call.h"

namespace heddle {

struct ModelCase {
  std::string skipped;  // why the model is not a case for the library; empty if it is one
  std::string op;       // "TopK", "ml.Scaler"
  int64_t opset = 0;
  FakeCall call;  // attributes and result types are set
  std::vector<std::string> operand_names, result_names, graph_inputs, graph_outputs;
  std::vector<std::pair<std::string, FakeTensor>> initializers;
};

// Fills `model` from the text of a file; its `skipped` says if it cannot be one.
void ReadModelCase(const std::string& text, ModelCase& model);
// The folder of single-node cases that HEDDLE_CONFORMANCE or Debian's package gives; "" if none.
std::string CaseFolder();
std::string ReadFile(const std::string& path);
// The operands of a case in its folder's data set `data`; false if one cannot be read.
bool ReadOperands(const std::string& data, ModelCase& model);

bool ReadTensor(const std::string& text, FakeTensor& tensor);

// True if they agree as the format's own tests ask; else `why` says where not.
bool SameTensor(const FakeTensor& actual, const FakeTensor& expected, bool shape_only,
                std::string& why);

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_LIBRARY_MODEL_CASE_H_
