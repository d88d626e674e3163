// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replays the model format's own single-node cases against the functions of the library.
// HEDDLE_CONFORMANCE names the folder (with "node" in it); Debian's libonnx-testdata is the
// fallback. HEDDLE_CONFORMANCE_FILTER keeps the cases whose folder contains it.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "gtest/gtest.h"
#include "tests/unit/library/model_case.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Random numbers agree in shape only.
bool ShapeOnly(const ModelCase& model) {
  static const std::set<std::string> kRandom = {"Bernoulli",     "Multinomial",
                                                "RandomNormal",  "RandomNormalLike",
                                                "RandomUniform", "RandomUniformLike"};
  return kRandom.count(model.op) != 0 ||
         (model.op == "Dropout" && model.operand_names.size() == 3);
}

// Empty if the case holds; else why not.
std::string Replay(ModelCase& model, const fs::path& data) {
  std::map<std::string, FakeTensor> values;
  for (size_t i = 0; i < model.graph_inputs.size(); ++i) {
    fs::path file = data / ("input_" + std::to_string(i) + ".pb");
    if (!ReadTensor(ReadFile(file), values[model.graph_inputs[i]])) return "skip: input";
  }
  model.call.operands.clear();
  for (const std::string& name : model.operand_names) {
    model.call.operands.push_back(name.empty() ? FakeTensor() : values[name]);
  }
  absl::Status status = model.call.Run(model.op);
  if (!status.ok()) return std::string(status.message());
  for (size_t i = 0; i < model.graph_outputs.size(); ++i) {
    FakeTensor expected;
    fs::path file = data / ("output_" + std::to_string(i) + ".pb");
    if (!ReadTensor(ReadFile(file), expected)) return "skip: output";
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
  const char* root = std::getenv("HEDDLE_CONFORMANCE");
  fs::path folder = root != nullptr ? fs::path(root) / "node" : "/usr/share/libonnx-testdata/data/node";
  if (!fs::is_directory(folder)) {
    GTEST_SKIP() << "no test cases in " << folder << ": set HEDDLE_CONFORMANCE";
  }
  // What Debian's older cases do with attributes that have become operands since, the importer
  // upgrades; such cases are not the library's.
  int64_t oldest = root != nullptr ? 0 : 18;
  const char* filter = std::getenv("HEDDLE_CONFORMANCE_FILTER");
  std::map<std::string, std::pair<int, int>> counts;
  std::map<std::string, int> skipped;
  std::set<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(folder)) cases.insert(entry.path());
  for (const fs::path& path : cases) {
    if (filter != nullptr && path.filename().string().find(filter) == std::string::npos) continue;
    ModelCase model;
    ReadModelCase(ReadFile(path / "model.onnx"), model);
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
}

}  // namespace
}  // namespace heddle
