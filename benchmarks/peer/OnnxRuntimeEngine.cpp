// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime's C API is a table of functions that is only ever appended to, so the places of
// those that are used here stay what they are. The library is loaded, never linked, and no header
// of it is needed.

#include "benchmarks/peer/Engine.h"

#include "absl/cleanup/cleanup.h"
#include "frontends/onnx/NpyFile.h"
#include "frontends/onnx/TensorData.h"

#include <algorithm>
#include <chrono>
#include <dlfcn.h>

namespace heddle::bench {

namespace {

enum Place {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kGetAllocatorWithDefaultOptions = 78,
  kReleaseStatus = 93,
  kReleaseValue = 96,
  kReleaseTensorTypeAndShapeInfo = 99,
};
constexpr uint32_t apiVersion = 17;

struct ApiBase {
  const void *const *(*getApi)(uint32_t version);
  const char *(*getVersion)();
};

class OnnxRuntimeEngine final : public Engine {
public:
  explicit OnnxRuntimeEngine(std::string library) : library(std::move(library)) {}

  absl::Status prepare() override;
  absl::Status load(const std::string &model, int threads) override;
  absl::Status setInputs(std::vector<HostTensor> given) override;
  absl::StatusOr<double> seconds() override;
  absl::StatusOr<std::vector<HostTensor>> results() override;

private:
  /// Calls the function at a place of the table, which returns a status or null.
  template <typename... Arguments> absl::Status call(Place place, Arguments... arguments) {
    return check(function<void *(*)(Arguments...)>(place)(arguments...));
  }
  template <typename Function> Function function(Place place) const {
    return reinterpret_cast<Function>(const_cast<void *>(table[place]));
  }
  absl::Status check(void *status) {
    if (!status)
      return absl::OkStatus();
    std::string message = function<const char *(*)(void *)>(kGetErrorMessage)(status);
    function<void (*)(void *)>(kReleaseStatus)(status);
    return absl::UnknownError(message);
  }
  absl::StatusOr<std::vector<const char *>> names(Place count, Place name);
  absl::Status run();
  void releaseResults();
  absl::StatusOr<HostTensor> copyOf(void *value);

  std::string library;
  const void *const *table = nullptr;
  void *environment = nullptr, *options = nullptr, *session = nullptr, *allocator = nullptr;
  std::vector<HostTensor> inputs;
  std::vector<const char *> inputNames, outputNames;
  std::vector<void *> values, made;
};

absl::Status OnnxRuntimeEngine::prepare() {
  void *handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return absl::NotFoundError(::dlerror());
  auto getBase = reinterpret_cast<const ApiBase *(*)()>(::dlsym(handle, "OrtGetApiBase"));
  if (!getBase || !(table = getBase()->getApi(apiVersion)))
    return absl::NotFoundError(library + " is no onnxruntime with the expected API");
  constexpr int onlyFatal = 4;
  return call(kCreateEnv, onlyFatal, static_cast<const char *>("heddle"), &environment);
}

absl::StatusOr<std::vector<const char *>> OnnxRuntimeEngine::names(Place count, Place name) {
  size_t number = 0;
  if (auto status = call(count, session, &number); !status.ok())
    return status;
  std::vector<const char *> all(number);
  for (size_t i = 0; i < number; ++i)
    if (auto status = call(name, session, i, allocator, const_cast<char **>(&all[i])); !status.ok())
      return status;
  return all;
}

absl::Status OnnxRuntimeEngine::setInputs(std::vector<HostTensor> given) {
  inputs = std::move(given);
  auto known = names(kSessionGetInputCount, kSessionGetInputName);
  auto outputs = names(kSessionGetOutputCount, kSessionGetOutputName);
  if (!known.ok() || !outputs.ok())
    return known.ok() ? outputs.status() : known.status();
  outputNames = *outputs;
  made.resize(outputNames.size());
  void *memory = nullptr;
  if (auto status = call(kCreateCpuMemoryInfo, 0, 0, &memory); !status.ok())
    return status;
  for (size_t i = 0; i < inputs.size(); ++i) {
    HostTensor &input = inputs[i];
    auto same = [&](const char *name) { return input.name == name; };
    bool byName = std::any_of(known->begin(), known->end(), same);
    if (!byName && i >= known->size())
      return absl::InvalidArgumentError("the model has no input '" + input.name + "'");
    inputNames.push_back(byName ? input.name.c_str() : (*known)[i]);
    values.push_back(nullptr);
    auto status =
        call(kCreateTensorWithDataAsOrtValue, memory, static_cast<void *>(input.bytes.data()),
             input.bytes.size(), static_cast<const int64_t *>(input.dims.data()), input.dims.size(),
             static_cast<int>(dataTypeOf(input.type)), &values.back());
    if (!status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status OnnxRuntimeEngine::load(const std::string &model, int threads) {
  for (absl::Status status :
       {call(kCreateSessionOptions, &options), call(kSetIntraOpNumThreads, options, threads),
        call(kSetInterOpNumThreads, options, 1),
        call(kCreateSession, environment, model.c_str(), options, &session),
        call(kGetAllocatorWithDefaultOptions, &allocator)})
    if (!status.ok())
      return status;
  return absl::OkStatus();
}

absl::Status OnnxRuntimeEngine::run() {
  using Run = void *(*)(void *, const void *, const char *const *, void *const *, size_t,
                        const char *const *, size_t, void **);
  return check(function<Run>(kRun)(session, nullptr, inputNames.data(), values.data(),
                                   values.size(), outputNames.data(), outputNames.size(),
                                   made.data()));
}

void OnnxRuntimeEngine::releaseResults() {
  for (void *&value : made) {
    if (value)
      function<void (*)(void *)>(kReleaseValue)(value);
    value = nullptr;
  }
}

absl::StatusOr<double> OnnxRuntimeEngine::seconds() {
  auto begin = std::chrono::steady_clock::now();
  absl::Status status = run();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  releaseResults();
  if (!status.ok())
    return status;
  return took.count();
}

absl::StatusOr<HostTensor> OnnxRuntimeEngine::copyOf(void *value) {
  void *information = nullptr, *data = nullptr;
  if (auto status = call(kGetTensorTypeAndShape, value, &information); !status.ok())
    return status;
  auto release = absl::MakeCleanup(
      [&] { function<void (*)(void *)>(kReleaseTensorTypeAndShapeInfo)(information); });
  int type = 0;
  size_t rank = 0;
  HostTensor tensor;
  for (absl::Status status :
       {call(kGetTensorElementType, information, &type),
        call(kGetDimensionsCount, information, &rank), call(kGetTensorMutableData, value, &data)})
    if (!status.ok())
      return status;
  tensor.dims.resize(rank);
  if (auto status = call(kGetDimensions, information, tensor.dims.data(), rank); !status.ok())
    return status;
  tensor.type = elementTypeOf(type).value_or(ElementType::kUndefined);
  auto bytes = countBytes(tensor.type, tensor.dims);
  if (!bytes || !npyHolds(tensor.type))
    return absl::UnimplementedError("results of " + dataTypeName(type));
  tensor.bytes.assign(static_cast<const char *>(data), *bytes);
  return tensor;
}

absl::StatusOr<std::vector<HostTensor>> OnnxRuntimeEngine::results() {
  auto release = absl::MakeCleanup([&] { releaseResults(); });
  if (auto status = run(); !status.ok())
    return status;
  std::vector<HostTensor> copies;
  for (size_t i = 0; i < made.size(); ++i) {
    auto copy = copyOf(made[i]);
    if (!copy.ok())
      return copy.status();
    copy->name = outputNames[i];
    copies.push_back(*std::move(copy));
  }
  return copies;
}

} // namespace

std::unique_ptr<Engine> makeOnnxRuntimeEngine(const std::string &library) {
  return std::make_unique<OnnxRuntimeEngine>(library);
}

} // namespace heddle::bench
