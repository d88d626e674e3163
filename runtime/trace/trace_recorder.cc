// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/trace/trace_recorder.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// Names come from model files: whatever is not plain ASCII becomes a question mark, so that the
// result is valid JSON and valid UTF-8.
std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c < 0x20 || c == 0x7f ? '?' : c;
  }
  return json + "\"";
}

}  // namespace

void TraceRecorder::Clear() {
  for (std::vector<Event>& events : events_) events.clear();
  inputs_.clear();
}

std::string TraceRecorder::ToJson() const {
  std::string json = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"inputs\":{";
  for (size_t i = 0; i < inputs_.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", JsonText(inputs_[i].first), ":[",
                    absl::StrJoin(inputs_[i].second, ","), "]");
  }
  json += "}},\"traceEvents\":[";
  const char* separator = "\n";
  for (size_t worker = 0; worker < events_.size(); ++worker) {
    if (events_[worker].empty()) continue;
    absl::StrAppend(
        &json, separator, "{\"ph\":\"M\",\"pid\":1,\"name\":\"thread_name\",\"tid\":", worker,
        ",\"args\":{\"name\":\"", worker == 0 ? "caller" : "worker", " ", worker, "\"}}");
    separator = ",\n";
    for (const Event& e : events_[worker]) {
      // The format counts microseconds.
      absl::StrAppendFormat(
          &json,
          ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"name\":%s,\"cat\":%s,\"ts\":%.3f,\"dur\":%.3f,"
          "\"args\":{\"graph\":%d,\"task\":%d,\"chunk\":%d}}",
          worker, JsonText(e.task->name), JsonText(e.task->op), e.begin_ns / 1e3,
          (e.end_ns - e.begin_ns) / 1e3, e.graph, e.index, e.chunk);
    }
  }
  return json + "\n]}\n";
}

absl::Status TraceRecorder::WriteFile(const std::string& path) const {
  std::string json = ToJson();
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  bool good = file != nullptr && std::fwrite(json.data(), 1, json.size(), file) == json.size();
  if (file != nullptr) good = std::fclose(file) == 0 && good;
  return good ? absl::OkStatus()
              : absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
}

}  // namespace heddle
