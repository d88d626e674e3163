// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Test cases as the ONNX backend tests keep them: a folder with `model.onnx` and folders
// `test_data_set_*`, each with `input_*.pb` and `output_*.pb`.

#ifndef HEDDLE_TOOLS_HEDDLE_CASEFOLDER_H
#define HEDDLE_TOOLS_HEDDLE_CASEFOLDER_H

#include "absl/status/statusor.h"

#include <string>
#include <vector>

namespace heddle::cli {

struct DataSet {
  std::string folder;
  std::vector<std::string> inputs; ///< files, by number
  std::vector<std::string> outputs;
};

struct Case {
  std::string name;  ///< the folder's path
  std::string model; ///< empty: there is none
  std::vector<DataSet> dataSets;
};

/// Finds the cases in a folder, which is one or holds some, itself or in folders further down; in
/// order of names. A folder without model.onnx that holds data is a case of `model`, which may be
/// empty. Data sets may also lie in the case's folder itself. InvalidArgument where there is none.
absl::StatusOr<std::vector<Case>> findCases(const std::string &folder, const std::string &model);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_CASEFOLDER_H
