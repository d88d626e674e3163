// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/trace.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// "00-<32 hex digits>-<16>-<2>"
std::string TraceId(std::string_view traceparent) { return std::string(traceparent.substr(3, 32)); }
std::string SpanId(std::string_view traceparent) { return std::string(traceparent.substr(36, 16)); }

std::string Hex(uint64_t value) { return absl::StrCat(absl::Hex(value, absl::kZeroPad16)); }

// A bijection that spreads near numbers (the finalizer of splitmix64).
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

bool Ran(const CallReport& call) {
  return call.attempts > 0 && call.status != CallStatus::kResumed;
}

bool Failed(const CallReport& call) {
  return call.status != CallStatus::kOk && call.status != CallStatus::kDeduplicated;
}

Json Attribute(const char* key, const Json& value) {
  Json typed = value.is_number_integer() ? Json{{"intValue", std::to_string(value.get<int64_t>())}}
                                         : Json{{"stringValue", ToPlainText(value)}};
  return Json{{"key", key}, {"value", std::move(typed)}};
}

}  // namespace

bool IsTraceparent(std::string_view text) {
  if (text.size() != 55 || text.substr(0, 2) == "ff") return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 2 || i == 35 || i == 52;
    bool hex =
        std::isdigit(static_cast<unsigned char>(text[i])) || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  auto all_zero = [](const std::string& id) { return id.find_first_not_of('0') == id.npos; };
  return !all_zero(TraceId(text)) && !all_zero(SpanId(text));
}

std::string NewTraceparent(std::string_view parent) {
  std::random_device random;
  auto draw = [&] { return (uint64_t{random()} << 32 | random()) | 1; };  // zero is no id
  std::string trace =
      IsTraceparent(parent) ? TraceId(parent) : absl::StrCat(Hex(draw()), Hex(draw()));
  return absl::StrCat("00-", trace, "-", Hex(draw()), "-01");
}

std::string ChildTraceparent(std::string_view traceparent, CallId call) {
  if (!IsTraceparent(traceparent)) return "";
  uint64_t run = 0;
  for (char digit : SpanId(traceparent)) {
    run = run << 4 | static_cast<uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  uint64_t span = Mix(run + 0x9e3779b97f4a7c15 * static_cast<uint64_t>(call));
  return absl::StrCat("00-", TraceId(traceparent), "-", Hex(span ? span : 1), "-",
                      Absl(traceparent.substr(53)));
}

Json ChromeTrace(const RunReport& report, const Secrets& secrets) {
  std::vector<const CallReport*> calls;
  for (const CallReport& call : report.calls) {
    if (Ran(call)) calls.push_back(&call);
  }
  std::sort(calls.begin(), calls.end(), [](const CallReport* a, const CallReport* b) {
    return std::pair(a->start_ms, a) < std::pair(b->start_ms, b);
  });
  // A heap of lanes by when they are free: a call takes the one that is free first.
  std::vector<std::pair<double, int>> lanes;
  Json events = Json::array();
  events.push_back({{"name", "process_name"},
                    {"ph", "M"},
                    {"pid", 1},
                    {"tid", 0},
                    {"args", {{"name", "heddle plan"}}}});
  for (const CallReport* call : calls) {
    int lane = static_cast<int>(lanes.size()) + 1;
    if (!lanes.empty() && lanes.front().first <= call->start_ms) {
      std::pop_heap(lanes.begin(), lanes.end(), std::greater<>());
      lane = lanes.back().second;
      lanes.pop_back();
    }
    lanes.push_back({call->end_ms, lane});
    std::push_heap(lanes.begin(), lanes.end(), std::greater<>());
    Json args = {{"id", call->id},
                 {"args", HideSecrets(call->arguments, secrets)},
                 {"status", ToText(call->status)},
                 {"attempts", call->attempts}};
    if (!call->error.empty()) args["error"] = HideSecrets(call->error, secrets);
    events.push_back({{"name", absl::StrCat(call->id, ". ", call->tool)},
                      {"cat", "call"},
                      {"ph", "X"},
                      {"ts", call->start_ms * 1000},
                      {"dur", (call->end_ms - call->start_ms) * 1000},
                      {"pid", 1},
                      {"tid", lane},
                      {"args", std::move(args)}});
  }
  return Json{{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

Json OtlpTrace(const RunReport& report, std::string_view run, std::string_view parent,
               std::chrono::system_clock::time_point began, const Secrets& secrets) {
  std::string traceparent = IsTraceparent(run) ? std::string(run) : NewTraceparent(parent);
  auto at = [&](double ms) {
    auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch());
    return std::to_string(since.count() + static_cast<int64_t>(ms * 1e6));
  };
  auto span = [&](std::string_view id, std::string_view above, std::string name, int kind,
                  double start, double end) {
    Json json = {{"traceId", TraceId(id)}, {"spanId", SpanId(id)}};
    if (IsTraceparent(above)) json["parentSpanId"] = SpanId(above);
    json.update(Json{{"name", std::move(name)},
                     {"kind", kind},
                     {"startTimeUnixNano", at(start)},
                     {"endTimeUnixNano", at(end)}});
    return json;
  };
  constexpr int kInternal = 1, kClient = 3, kStatusOk = 1, kStatusError = 2;
  Json spans = Json::array();
  spans.push_back(span(traceparent, parent, "heddle plan", kInternal, 0, report.makespan_ms));
  spans[0]["status"] = {
      {"code", report.status == RunReport::Status::kOk ? kStatusOk : kStatusError}};
  for (const CallReport& call : report.calls) {
    if (!Ran(call)) continue;
    Json json = span(ChildTraceparent(traceparent, call.id), traceparent, call.tool, kClient,
                     call.start_ms, call.end_ms);
    json["attributes"] =
        Json::array({Attribute("gen_ai.tool.name", call.tool), Attribute("heddle.call.id", call.id),
                     Attribute("heddle.call.attempts", call.attempts),
                     Attribute("heddle.call.status", ToText(call.status))});
    json["status"] = {{"code", Failed(call) ? kStatusError : kStatusOk}};
    if (Failed(call)) json["status"]["message"] = HideSecrets(call.error, secrets);
    spans.push_back(std::move(json));
  }
  Json resource = {{"attributes", Json::array({Attribute("service.name", "heddle")})}};
  Json scope = {{"scope", {{"name", "heddle.plan"}}}, {"spans", std::move(spans)}};
  return Json{
      {"resourceSpans", Json::array({Json{{"resource", std::move(resource)},
                                          {"scopeSpans", Json::array({std::move(scope)})}}})}};
}

}  // namespace heddle
