// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Outputs.h"

#include "frontends/onnx/NpyFile.h"
#include "frontends/onnx/TensorFile.h"
#include "tools/heddle/CompareTensors.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/TensorExchange.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>

namespace heddle::cli {

static constexpr int64_t mostShown = 6;

namespace {

struct Facts {
  std::vector<double> first;
  int64_t count = 0, special = 0; // NaN and infinities, which the rest leaves out
  double smallest = 0, largest = 0, mean = 0;
};

Facts factsOf(const HostTensor &tensor) {
  Facts facts;
  facts.count = countTensorElements(tensor.dims).value_or(0);
  double sum = 0;
  int64_t finite = 0;
  for (int64_t i = 0; i < facts.count; ++i) {
    double value = elementAt(tensor, i);
    if (i < mostShown)
      facts.first.push_back(value);
    if (!std::isfinite(value)) {
      ++facts.special;
      continue;
    }
    facts.smallest = finite ? std::min(facts.smallest, value) : value;
    facts.largest = finite ? std::max(facts.largest, value) : value;
    sum += value;
    ++finite;
  }
  facts.mean = finite ? sum / static_cast<double>(finite) : 0;
  return facts;
}

/// Calls `visit(tensor, facts)` for each output.
template <typename Visit> void forEachOutput(const Session &session, Visit visit) {
  const auto &signatures = session.model().outputs();
  for (size_t i = 0; i < signatures.size(); ++i) {
    HostTensor tensor = copyOf(session.output(static_cast<int>(i)), signatures[i].name);
    visit(tensor, factsOf(tensor));
  }
}

} // namespace

std::string fileNameOf(const std::string &output, ElementType type) {
  std::string name;
  for (char c : output) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '-' || c == '_';
    name += plain ? c : '_';
  }
  return name + (npyHolds(type) ? ".npy" : ".pb");
}

absl::Status writeOutputs(const Session &session, const std::string &folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder, error))
    return absl::InvalidArgumentError(folder + ": cannot make the folder");
  absl::Status result;
  std::set<std::string> written;
  forEachOutput(session, [&](const HostTensor &tensor, const Facts &) {
    if (!result.ok())
      return;
    std::string file = fileNameOf(tensor.name, tensor.type);
    std::string path = (std::filesystem::path(folder) / file).string();
    if (!written.insert(file).second)
      note("two outputs are called " + file + "; the last one is kept");
    result = npyHolds(tensor.type) ? writeNpyFile(path, tensor) : writeTensorFile(path, tensor);
  });
  return result;
}

void printOutputs(const Session &session) {
  forEachOutput(session, [](const HostTensor &tensor, const Facts &facts) {
    std::printf("%s: %s %s", oneLine(tensor.name).c_str(),
                std::string(ElementTypeName(tensor.type)).c_str(), dimsText(tensor.dims).c_str());
    if (facts.count > facts.special)
      std::printf(", min %.6g, max %.6g, mean %.6g", facts.smallest, facts.largest, facts.mean);
    if (facts.special)
      std::printf(", %lld NaN or infinite", static_cast<long long>(facts.special));
    std::printf("%s", facts.first.empty() ? "" : ": ");
    for (size_t i = 0; i < facts.first.size(); ++i)
      std::printf("%s%.6g", i ? " " : "", facts.first[i]);
    std::printf("%s\n", facts.count > mostShown ? " ..." : "");
  });
}

nlohmann::ordered_json describeOutputs(const Session &session) {
  auto list = nlohmann::ordered_json::array();
  forEachOutput(session, [&](const HostTensor &tensor, const Facts &facts) {
    nlohmann::ordered_json entry;
    entry["name"] = tensor.name;
    entry["type"] = std::string(ElementTypeName(tensor.type));
    entry["shape"] = tensor.dims;
    entry["min"] = facts.smallest;
    entry["max"] = facts.largest;
    entry["mean"] = facts.mean;
    entry["not_finite"] = facts.special;
    entry["first"] = facts.first; // NaN and infinities become null
    list.push_back(entry);
  });
  return list;
}

} // namespace heddle::cli
