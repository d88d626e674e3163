// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Inputs.h"

#include "frontends/onnx/TensorFile.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/RandomTensor.h"
#include "tools/heddle/TensorExchange.h"

namespace heddle::cli {

namespace {

std::string namesOf(const std::vector<TensorSignature> &values) {
  std::string all;
  for (const TensorSignature &value : values)
    all += (all.empty() ? "" : ", ") + value.name;
  return all;
}

/// NAME=FILE, where NAME is the input's; names may have '=' in them.
absl::StatusOr<std::pair<int, std::string>> split(const Model &model, const std::string &text) {
  for (size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1))
    if (int index = model.FindInput(text.substr(0, at)); index >= 0)
      return std::pair(index, text.substr(at + 1));
  size_t equals = text.find('=');
  if (equals == std::string::npos)
    return absl::InvalidArgumentError("--input " + text + ": must be NAME=FILE");
  return absl::InvalidArgumentError("no input is called '" + text.substr(0, equals) +
                                    "'; the model has " + namesOf(model.inputs()));
}

/// Sizes of symbols, from most to least certain: the request, the files, guesses.
class Sizes {
public:
  Sizes(const Model &model) : model(model) {}

  absl::Status take(const std::map<std::string, int64_t> &dims);
  void learn(const TensorSignature &signature, const HostTensor &tensor);
  std::vector<int64_t> dimsFor(const TensorSignature &signature);
  void tellGuesses() const;

private:
  const Model &model;
  std::map<std::string, int64_t> known;
  std::string guesses;
};

absl::Status Sizes::take(const std::map<std::string, int64_t> &dims) {
  for (const auto &[name, size] : dims) {
    bool found = false;
    for (const TensorSignature &input : model.inputs())
      for (size_t axis = 0; axis < input.dims.size(); ++axis) {
        if (input.dims[axis].symbol.empty())
          continue;
        if (input.dims[axis].symbol == name || input.name + ":" + std::to_string(axis) == name) {
          known[input.dims[axis].symbol] = size;
          found = true;
        }
      }
    if (!found)
      return absl::InvalidArgumentError("--dim " + name + ": no input of the artifact has such a " +
                                        "dimension");
  }
  return absl::OkStatus();
}

void Sizes::learn(const TensorSignature &signature, const HostTensor &tensor) {
  for (size_t axis = 0; axis < signature.dims.size() && axis < tensor.dims.size(); ++axis)
    if (signature.dims[axis].size < 0)
      known.emplace(signature.dims[axis].symbol, tensor.dims[axis]);
}

std::vector<int64_t> Sizes::dimsFor(const TensorSignature &signature) {
  std::vector<int64_t> dims;
  for (size_t axis = 0; axis < signature.dims.size(); ++axis) {
    const TensorSignature::Dim &dim = signature.dims[axis];
    if (dim.size >= 0) {
      dims.push_back(dim.size);
      continue;
    }
    auto [entry, isNew] = known.emplace(dim.symbol, 0);
    if (isNew) {
      entry->second = guessSize(signature, axis);
      guesses += (guesses.empty() ? "" : ", ") + dim.symbol + "=" + std::to_string(entry->second);
    }
    dims.push_back(entry->second);
  }
  return dims;
}

void Sizes::tellGuesses() const {
  if (!guesses.empty())
    note("sizes assumed for random inputs: " + guesses + "; --dim NAME=N sets them");
}

} // namespace

absl::StatusOr<std::list<HostTensor>> makeInputs(const Model &model, const InputRequest &request) {
  std::vector<HostTensor> given(model.inputs().size());
  Sizes sizes(model);
  if (absl::Status status = sizes.take(request.dims); !status.ok())
    return status;
  for (const std::string &text : request.files) {
    auto parts = split(model, text);
    if (!parts.ok())
      return parts.status();
    auto [index, file] = *parts;
    auto tensor = readTensorFile(file);
    if (!tensor.ok())
      return tensor.status();
    if (given[index].type != ElementType::kUndefined)
      return absl::InvalidArgumentError("input '" + model.inputs()[index].name +
                                        "' is given twice");
    given[index] = *std::move(tensor);
    sizes.learn(model.inputs()[index], given[index]);
  }
  std::string missing;
  std::list<HostTensor> inputs;
  for (size_t i = 0; i < given.size(); ++i) {
    const TensorSignature &signature = model.inputs()[i];
    HostTensor tensor = std::move(given[i]);
    bool absent = tensor.type == ElementType::kUndefined;
    tensor.name = signature.name;
    if (absent && request.random) {
      tensor.type = signature.element_type;
      tensor.dims = sizes.dimsFor(signature);
      int64_t bound = integerBound(model, static_cast<int>(i));
      if (absl::Status status = fillRandom(tensor, request.seed, bound); !status.ok())
        return status;
    } else if (absent) {
      missing += (missing.empty() ? "" : ", ") + signature.name + " (" +
                 std::string(ElementTypeName(signature.element_type)) + " " +
                 signature.ShapeText() + ")";
    }
    inputs.push_back(std::move(tensor));
  }
  if (!missing.empty())
    return absl::InvalidArgumentError("inputs are missing: " + missing +
                                      "; give --input NAME=FILE or --random-inputs");
  sizes.tellGuesses();
  return inputs;
}

absl::Status setInputs(Session &session, std::list<HostTensor> &inputs) {
  int index = 0;
  for (HostTensor &input : inputs) {
    auto tensor = borrow(input);
    if (!tensor.ok())
      return tensor.status();
    if (absl::Status status = session.SetInput(index++, *tensor); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

} // namespace heddle::cli
