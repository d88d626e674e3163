// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/plan/run_state.h"

namespace heddle {
namespace {

Json ErrorValue(const std::string& message) { return Json{{"error", message}}; }

// The template with what failed in place of references to it: a join sees failures, whatever it
// selects from them.
Template WithErrors(const Template& value,
                    const std::function<const std::string*(CallId)>& error_of) {
  if (auto* reference = std::get_if<Reference>(&value.node)) {
    const std::string* error = error_of(reference->call);
    return error ? Template{ErrorValue(*error), value.where} : value;
  }
  Template result = value;
  if (auto* text = std::get_if<Template::Text>(&result.node)) {
    for (auto& piece : text->pieces) {
      auto* reference = std::get_if<Reference>(&piece);
      const std::string* error = reference ? error_of(reference->call) : nullptr;
      if (error) piece = ToText(ErrorValue(*error));
    }
  } else if (auto* list = std::get_if<Template::List>(&result.node)) {
    for (Template& element : list->elements) element = WithErrors(element, error_of);
  } else if (auto* object = std::get_if<Template::Object>(&result.node)) {
    for (TemplateMember& member : object->members) {
      member.value = WithErrors(member.value, error_of);
    }
  }
  return result;
}

// Microseconds are all that a clock on a busy machine can mean.
double Rounded(double ms) { return std::round(ms * 1000) / 1000; }

}  // namespace

Json PlanRun::State::JoinResult(bool& failed) const {
  if (!join_ || join_->arguments.empty()) {
    // A lookup in such an object takes as long as it is, and ten thousand calls are usual.
    Json::object_t all;
    for (uint32_t index = 0; index < calls_.size(); ++index) {
      const RunCall& call = calls_[index];
      if (call.dropped || index_of_.at(call.report.id) != index) continue;
      all.emplace_back(std::to_string(call.report.id),
                       call.has_result() ? call.report.result : ErrorValue(call.report.error));
    }
    return Json(std::move(all));
  }
  static const std::string kMissing = "there is no such call";
  auto error_of = [this](CallId id) -> const std::string* {
    auto found = index_of_.find(id);
    if (found == index_of_.end()) return &kMissing;
    const RunCall& call = calls_[found->second];
    return call.has_result() ? nullptr : &call.report.error;
  };
  Json values = Json::array();
  for (const Template& argument : join_->arguments) {
    absl::StatusOr<Json> value =
        Substitute(WithErrors(argument, error_of), [this](CallId id) { return ResultOf(id); });
    failed |= !value.ok();
    values.push_back(value.ok() ? *std::move(value)
                                : ErrorValue(std::string(value.status().message())));
  }
  if (values.size() > 1) return values;
  Json value = std::move(values[0]);
  return value;
}

// The longest chain of calls that waited for one another, by the time each took to run; waiting for a
// slot, a rate or a person is not on it.
double PlanRun::State::CriticalPath() const {
  double longest = 0;
  std::vector<double> path(calls_.size(), 0);
  for (uint32_t index : ended_) {
    const RunCall& call = calls_[index];
    if (call.dropped) continue;
    for (const auto* list : {&call.uses, &call.orders, &call.leader}) {
      for (uint32_t before : *list) path[index] = std::max(path[index], path[before]);
    }
    bool ran = call.report.attempts > 0 && call.report.status != CallStatus::kResumed;
    if (ran) path[index] += call.report.end_ms - call.report.start_ms;
    longest = std::max(longest, path[index]);
  }
  return longest;
}

RunReport PlanRun::State::MakeReport() {
  RunReport report;
  report.makespan_ms = Now();
  report.critical_path_ms = CriticalPath();
  bool failed = stopped_ == Stopped::kOutOfTime;
  report.result = JoinResult(failed);
  for (RunCall& call : calls_) {
    if (call.dropped) continue;
    failed |= !call.has_result();
    report.calls.push_back(std::move(call.report));
  }
  report.status = stopped_ == Stopped::kCancelled ? RunReport::Status::kCancelled
                  : failed                        ? RunReport::Status::kFailed
                                                  : RunReport::Status::kOk;
  return report;
}

std::string_view ToText(CallStatus status) {
  constexpr std::string_view kNames[] = {"ok",        "error",   "skipped", "deduplicated",
                                         "cancelled", "resumed", "denied",  "unknown"};
  return kNames[static_cast<int>(status)];
}

Json ToJson(const RunReport& report) {
  constexpr std::string_view kNames[] = {"ok", "failed", "cancelled"};
  Json calls = Json::array();
  for (const CallReport& call : report.calls) {
    Json json = {{"id", call.id},
                 {"tool", call.tool},
                 {"args", call.arguments},
                 {"status", ToText(call.status)},
                 {"attempts", call.attempts},
                 {"start_ms", Rounded(call.start_ms)},
                 {"end_ms", Rounded(call.end_ms)}};
    bool has_result = call.status == CallStatus::kOk || call.status == CallStatus::kResumed ||
                      call.status == CallStatus::kDeduplicated;
    json[has_result ? "result" : "error"] = has_result ? call.result : Json(call.error);
    calls.push_back(std::move(json));
  }
  return Json{{"status", kNames[static_cast<int>(report.status)]},
              {"result", report.result},
              {"makespan_ms", Rounded(report.makespan_ms)},
              {"critical_path_ms", Rounded(report.critical_path_ms)},
              {"calls", std::move(calls)}};
}

}  // namespace heddle
