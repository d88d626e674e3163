// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors in files beside the model: those that it names, and no others.

#include "tests/unit/importer/ModelBuilder.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace heddle {
namespace {

/// A folder that is removed again.
struct Folder {
  Folder() : path(fs::temp_directory_path() / ("heddle_importer_" + std::to_string(getpid()))) {
    fs::create_directories(path / "model");
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::string importExternal(const fs::path &folder, const std::string &location,
                           const std::string &offset = "", const std::string &length = "") {
  ModelBuilder b;
  b.input("x", {3});
  b.node("Identity", {"x"}, {"y"});
  b.output("y");
  auto &tensor = addFloats(b.graph(), "w", {2}, {});
  tensor.set_data_location(1);
  for (auto [key, value] :
       {std::pair("location", location), {"offset", offset}, {"length", length}}) {
    if (value.empty())
      continue;
    auto *entry = tensor.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  std::ofstream(folder / "model.onnx") << b.model.SerializeAsString();
  mlir::MLIRContext context;
  auto module = importOnnxModel(context, (folder / "model.onnx").string());
  return module.ok() ? "ok" : std::string(module.status().message());
}

TEST(ExternalData, StaysInTheFolder) {
  Folder folder;
  fs::path model = folder.path / "model";
  std::ofstream(folder.path / "secret.bin") << std::string(64, 'x');
  std::ofstream(model / "data.bin") << std::string(64, 'x');
  fs::create_symlink(folder.path / "secret.bin", model / "link.bin");
  fs::create_symlink(folder.path, model / "up");
  EXPECT_EQ(importExternal(model, "data.bin", "8", "8"), "ok");
  EXPECT_EQ(importExternal(model, "./data.bin"), "ok");
  EXPECT_CONTAINS(importExternal(model, "none.bin"), "cannot be found");
  EXPECT_CONTAINS(importExternal(model, "../secret.bin"), "leaves the model's folder");
  EXPECT_CONTAINS(importExternal(model, (folder.path / "secret.bin").string()),
                  "leaves the model's folder");
  EXPECT_CONTAINS(importExternal(model, "link.bin"), "through a link");
  EXPECT_CONTAINS(importExternal(model, "up/secret.bin"), "through a link");
  EXPECT_CONTAINS(importExternal(model, "data.bin", "60"), "lie outside");
  EXPECT_CONTAINS(importExternal(model, "data.bin", "0", "4"), "has the length 4");
  EXPECT_CONTAINS(importExternal(model, "data.bin", "-1"), "offset '-1'");
  EXPECT_CONTAINS(importExternal(model, "data.bin", "9223372036854775807"), "lie outside");
  EXPECT_CONTAINS(importExternal(model, "."), "folder");
}

} // namespace
} // namespace heddle
