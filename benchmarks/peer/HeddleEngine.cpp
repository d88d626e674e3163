// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "benchmarks/peer/Engine.h"

#include <heddle/heddle.hpp>

#include <chrono>
#include <optional>

namespace heddle::bench {

namespace {

absl::Status statusOf(const api::Error &error) {
  return error ? absl::Status(static_cast<absl::StatusCode>(error.code()), error.message())
               : absl::OkStatus();
}

class HeddleEngine final : public Engine {
public:
  explicit HeddleEngine(std::string targetCpu) : targetCpu(std::move(targetCpu)) {}

  absl::Status load(const std::string &path, int threads) override {
    HeddleModelOptions options{.struct_size = sizeof(HeddleModelOptions),
                               .target_cpu = targetCpu.c_str()};
    auto loaded = api::Model::Load(path, &options);
    if (!loaded)
      return statusOf(loaded.error());
    model = std::move(*loaded);
    auto made = model->MakeSession({.threads = threads});
    if (!made)
      return statusOf(made.error());
    session = std::move(*made);
    return absl::OkStatus();
  }

  absl::Status setInputs(std::vector<HostTensor> given) override {
    inputs = std::move(given);
    for (size_t i = 0; i < inputs.size(); ++i) {
      HeddleValue value = {};
      value.kind = HEDDLE_VALUE_TENSOR;
      value.as.tensor.data = inputs[i].bytes.data();
      value.as.tensor.capacity = inputs[i].bytes.size();
      value.as.tensor.element_type = static_cast<int32_t>(inputs[i].type);
      value.as.tensor.rank = static_cast<int32_t>(inputs[i].dims.size());
      value.as.tensor.dims = inputs[i].dims.data();
      int index = model->FindInput(inputs[i].name).value_or(static_cast<int>(i));
      if (api::Error error = session->SetInput(index, value))
        return statusOf(error);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> seconds() override {
    auto begin = std::chrono::steady_clock::now();
    api::Error error = session->Run();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (error)
      return statusOf(error);
    return took.count();
  }

private:
  std::string targetCpu;
  std::vector<HostTensor> inputs;
  std::optional<api::Model> model;
  std::optional<api::Session> session;
};

} // namespace

std::unique_ptr<Engine> makeHeddleEngine(const std::string &targetCpu) {
  return std::make_unique<HeddleEngine>(targetCpu);
}

} // namespace heddle::bench
