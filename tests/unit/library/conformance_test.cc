// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replays the model format's own single-node cases against the functions of the library.
// HEDDLE_CONFORMANCE names the folder (with "node" in it); Debian's libonnx-testdata is the
// fallback. HEDDLE_CONFORMANCE_FILTER keeps the cases whose folder contains it.

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "tests/unit/library/model_case.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

// Random numbers agree in shape only.
bool ShapeOnly(const ModelCase& model) {
  static const std::set<std::string> kRandom = {"Bernoulli",     "Multinomial",
                                                "RandomNormal",  "RandomNormalLike",
                                                "RandomUniform", "RandomUniformLike"};
  return kRandom.count(model.op) != 0 || (model.op == "Dropout" && model.operand_names.size() == 3);
}

// Empty if the case holds; else why not.
std::string Replay(ModelCase& model, const fs::path& data) {
  if (!ReadOperands(data.string(), model)) return "skip: input";
  absl::Status status = model.call.Run(model.op);
  if (!status.ok()) return std::string(status.message());
  for (size_t i = 0; i < model.graph_outputs.size(); ++i) {
    FakeTensor expected;
    fs::path file = data / ("output_" + std::to_string(i) + ".pb");
    if (!ReadTensor(ReadFile(file.string()), expected)) return "skip: output";
    for (size_t r = 0; r < model.result_names.size(); ++r) {
      if (model.result_names[r] != model.graph_outputs[i]) continue;
      std::string why;
      if (!SameTensor(model.call.results[r], expected, ShapeOnly(model), why)) {
        return "result " + std::to_string(r) + ": " + why;
      }
    }
  }
  return "";
}

TEST(LibraryConformance, SingleNodeCases) {
  std::string folder = CaseFolder();
  if (folder.empty()) GTEST_SKIP() << "no test cases: set HEDDLE_CONFORMANCE";
  // What Debian's older cases do with attributes that have become operands since, the importer
  // upgrades; such cases are not the library's.
  int64_t oldest = std::getenv("HEDDLE_CONFORMANCE") != nullptr ? 0 : 18;
  const char* filter = std::getenv("HEDDLE_CONFORMANCE_FILTER");
  std::map<std::string, std::pair<int, int>> counts;
  std::map<std::string, int> skipped;
  std::set<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(folder)) cases.insert(entry.path());
  for (const fs::path& path : cases) {
    if (filter != nullptr && path.filename().string().find(filter) == std::string::npos) continue;
    ModelCase model;
    ReadModelCase(ReadFile((path / "model.onnx").string()), model);
    if (model.skipped.empty() && FindLibraryFunction(model.op) == nullptr) {
      model.skipped = "no function " + model.op;
    }
    // Its axis was an attribute until 20.
    if (model.skipped.empty() && model.op == "DFT" && model.opset < 20) {
      model.skipped = "an older operator set";
    }
    if (model.skipped.empty() && model.opset < oldest) model.skipped = "an older operator set";
    if (!model.skipped.empty()) {
      ++skipped[model.skipped];
      continue;
    }
    for (const auto& data : fs::directory_iterator(path)) {
      if (!data.is_directory()) continue;
      std::string why = Replay(model, data.path());
      if (why.rfind("skip: ", 0) == 0) {
        ++skipped["unreadable " + why + " of " + model.op];
        continue;
      }
      ++(why.empty() ? counts[model.op].first : counts[model.op].second);
      EXPECT_EQ(why, "") << path.filename() << " (" << model.op << ", opset " << model.opset << ")";
    }
  }
  for (const auto& [op, count] : counts) {
    std::cout << op << ": " << count.first << " passed, " << count.second << " failed\n";
  }
  for (const auto& [why, count] : skipped) std::cout << "skipped " << count << ": " << why << "\n";
  if (counts.empty()) {
    GTEST_SKIP() << "all cases in " << folder << " are older than the functions";
  }
}

}  // namespace
}  // namespace heddle
