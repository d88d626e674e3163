// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a model in ONNX Runtime once, to compare its results with ours:
//
//   onnxruntime_results LIBONNXRUNTIME.so MODEL FOLDER INPUT.npy...
//
// An input has the name of its file; results go to FOLDER/NAME.npy.

#include "benchmarks/peer/Engine.h"
#include "frontends/onnx/NpyFile.h"

#include <filesystem>
#include <iostream>

using namespace heddle;

static absl::Status run(const std::string &library, const std::string &model,
                        const std::filesystem::path &folder, std::vector<HostTensor> inputs) {
  std::unique_ptr<bench::Engine> engine = bench::makeOnnxRuntimeEngine(library);
  if (auto status = engine->prepare(); !status.ok())
    return status;
  if (auto status = engine->load(model, /*threads=*/1); !status.ok())
    return status;
  if (auto status = engine->setInputs(std::move(inputs)); !status.ok())
    return status;
  auto results = engine->results();
  if (!results.ok())
    return results.status();
  for (const HostTensor &result : *results)
    if (auto status = writeNpyFile(folder / (result.name + ".npy"), result); !status.ok())
      return status;
  return absl::OkStatus();
}

static int fail(const absl::Status &status) {
  std::cerr << status.message() << "\n";
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4)
    return fail(
        absl::InvalidArgumentError("usage: onnxruntime_results LIBRARY MODEL FOLDER INPUT.npy..."));
  std::vector<HostTensor> inputs;
  for (int i = 4; i < argc; ++i) {
    auto tensor = readNpyFile(argv[i]);
    if (!tensor.ok())
      return fail(tensor.status());
    tensor->name = std::filesystem::path(argv[i]).stem();
    inputs.push_back(*std::move(tensor));
  }
  absl::Status status = run(argv[1], argv[2], argv[3], std::move(inputs));
  return status.ok() ? 0 : fail(status);
}
