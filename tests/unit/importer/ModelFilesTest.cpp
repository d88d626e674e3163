// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Imports model files that other people made: the models that Heddle is measured on, and the test
// cases of the ONNX project. They are no part of the source tree; the tests skip where they are
// missing. HEDDLE_SHARED names the folder that holds `models` and `conformance` (default: ../shared
// beside the source tree), HEDDLE_MODEL_CACHE one with NAME.onnx for models that come from elsewhere.

#include "frontends/onnx/ImportOnnx.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace fs = std::filesystem;

namespace heddle {
namespace {

fs::path sharedFolder() {
  if (const char *folder = std::getenv("HEDDLE_SHARED"))
    return folder;
  return fs::path(HEDDLE_SOURCE_DIR) / ".." / "shared";
}

fs::path findModel(const std::string &name) {
  fs::path path = sharedFolder() / "models" / name / "model.onnx";
  if (fs::exists(path))
    return path;
  if (const char *cache = std::getenv("HEDDLE_MODEL_CACHE"))
    if (fs::exists(fs::path(cache) / (name + ".onnx")))
      return fs::path(cache) / (name + ".onnx");
  return {};
}

TEST(ModelFiles, MeasuredModelsImport) {
  fs::path list = sharedFolder() / "models" / "models.json";
  if (!fs::exists(list))
    GTEST_SKIP() << "NO MODELS: " << list << " is missing, set HEDDLE_SHARED";
  nlohmann::json models = nlohmann::json::parse(std::ifstream(list));
  int imported = 0;
  std::string missing;
  for (const nlohmann::json &entry : models) {
    std::string name = entry["name"];
    fs::path path = findModel(name);
    if (path.empty()) {
      missing += " " + name;
      continue;
    }
    mlir::MLIRContext context;
    auto module = importOnnxModel(context, path.string());
    ASSERT_TRUE(module.ok()) << name << ": " << module.status().message();
    EXPECT_TRUE(mlir::succeeded(mlir::verify(**module))) << name;
    if (std::getenv("HEDDLE_PRINT_MODELS"))
      (*module)->print(llvm::outs(), mlir::OpPrintingFlags().elideLargeElementsAttrs());
    ++imported;
  }
  std::cout << imported << " of " << models.size() << " models imported\n";
  if (!missing.empty())
    std::cout << "NOT FOUND (set HEDDLE_MODEL_CACHE):" << missing << "\n";
  EXPECT_GT(imported, 0);
}

/// What is printed must be read back, as `.mlir` files are input too.
void expectRoundTrip(mlir::ModuleOp module, const fs::path &path) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, module.getContext());
  EXPECT_TRUE(parsed && mlir::succeeded(mlir::verify(*parsed))) << path;
}

/// The message without what differs from case to case.
std::string refusalKind(const std::string &message) {
  std::string text = message.substr(message.find(": ") + 2);
  for (size_t at; (at = text.find('\'')) != std::string::npos;) {
    size_t end = text.find('\'', at + 1);
    text.replace(at, end == std::string::npos ? end : end - at + 1, "_");
  }
  return text;
}

void importCases(const fs::path &folder) {
  if (!fs::exists(folder))
    GTEST_SKIP() << "NO TEST CASES: " << folder << " is missing";
  int imported = 0, refused = 0;
  std::map<std::string, std::pair<int, std::string>> reasons;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() != "model.onnx")
      continue;
    mlir::MLIRContext context;
    auto module = importOnnxModel(context, entry.path().string());
    if (module.ok()) {
      EXPECT_TRUE(mlir::succeeded(mlir::verify(**module))) << entry.path();
      expectRoundTrip(**module, entry.path());
      ++imported;
      continue;
    }
    EXPECT_EQ(module.status().code(), absl::StatusCode::kUnimplemented)
        << std::string(module.status().message());
    ++refused;
    auto &reason = reasons[refusalKind(std::string(module.status().message()))];
    ++reason.first;
    reason.second = entry.path().parent_path().filename().string();
  }
  std::cout << folder.string() << ": " << imported << " imported, " << refused << " refused\n";
  for (const auto &[reason, count] : reasons)
    std::cout << "  " << count.first << "  " << reason << " [" << count.second << "]\n";
  EXPECT_GT(imported, 0);
}

TEST(ModelFiles, ConformanceNodes) { importCases(sharedFolder() / "conformance/onnx/node"); }
TEST(ModelFiles, ConformanceSimple) { importCases(sharedFolder() / "conformance/onnx/simple"); }
TEST(ModelFiles, ConformancePytorchOperator) {
  importCases(sharedFolder() / "conformance/onnx/pytorch-operator");
}
TEST(ModelFiles, ConformancePytorchConverted) {
  importCases(sharedFolder() / "conformance/onnx/pytorch-converted");
}
TEST(ModelFiles, DebianTestData) { importCases("/usr/share/libonnx-testdata/data"); }

} // namespace
} // namespace heddle
