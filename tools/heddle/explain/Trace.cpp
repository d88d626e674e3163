// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Trace.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace heddle::cli {

using Json = nlohmann::json;

/// A number of an object, or -1.
static double number(const Json &object, const char *key) {
  return object.contains(key) && object[key].is_number() ? object[key].get<double>() : -1.0;
}

static std::map<std::string, int64_t> inputDims(const Json &trace) {
  std::map<std::string, int64_t> dims;
  if (!trace.contains("otherData") || !trace["otherData"].is_object() ||
      !trace["otherData"].contains("inputs") || !trace["otherData"]["inputs"].is_object())
    return dims;
  for (const auto &[name, shape] : trace["otherData"]["inputs"].items())
    for (size_t axis = 0; shape.is_array() && axis < shape.size(); ++axis)
      if (shape[axis].is_number_integer() && shape[axis].get<int64_t>() >= 0)
        dims[name + ":" + std::to_string(axis)] = shape[axis].get<int64_t>();
  return dims;
}

absl::StatusOr<Trace> readTrace(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return absl::NotFoundError(path + ": cannot read the trace");
  Json trace = Json::parse(file, nullptr, false);
  auto bad = [&] {
    return absl::InvalidArgumentError(path + ": not a trace of heddle run --trace");
  };
  if (!trace.is_object() || !trace.contains("traceEvents") || !trace["traceEvents"].is_array())
    return bad();
  Trace result;
  for (const auto &event : trace["traceEvents"]) {
    if (!event.is_object() || event.value("ph", Json()) != "X")
      continue;
    const auto arguments = event.value("args", Json::object());
    if (!arguments.is_object() || number(arguments, "task") < 0 || number(event, "ts") < 0 ||
        number(event, "dur") < 0 || number(event, "tid") < 0 || number(event, "tid") > 4096 ||
        number(arguments, "graph") < 0 || number(arguments, "graph") > UINT32_MAX ||
        number(arguments, "task") > UINT32_MAX)
      return bad();
    result.spans.push_back({static_cast<uint32_t>(number(arguments, "graph")),
                            static_cast<uint32_t>(number(arguments, "task")),
                            static_cast<int>(number(event, "tid")), number(event, "ts"),
                            number(event, "ts") + number(event, "dur")});
  }
  result.dims = inputDims(trace);
  if (result.spans.empty()) // a run of nothing but constants
    return result;
  double begin = result.spans[0].beginUs;
  for (const TraceSpan &span : result.spans)
    begin = std::min(begin, span.beginUs);
  for (TraceSpan &span : result.spans) {
    span.beginUs -= begin;
    span.endUs -= begin;
  }
  return result;
}

} // namespace heddle::cli
