// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/decision.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "runtime/plan/json.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

std::string Member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "";
  return ToPlainText(*found);
}

std::string Stripped(std::string_view text) {
  return std::string(absl::StripAsciiWhitespace(Absl(text)));
}

std::optional<Decision> FromJson(std::string_view text) {
  // A fence or a sentence may stand around it.
  const size_t begin = text.find('{'), end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::nullopt;
  }
  const absl::StatusOr<Json> json = ParseJson(text.substr(begin, end - begin + 1), {});
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const std::string action = Member(*json, "action");
  Decision decision{absl::EqualsIgnoreCase(action, "finish"), Member(*json, "thought"),
                    Member(*json, "answer")};
  if (!decision.finish && !absl::EqualsIgnoreCase(action, "replan")) return std::nullopt;
  return decision;
}

// The last "Action:" counts: those before it may be thoughts. An answer may hold parentheses and
// lines, so it ends with the last parenthesis.
std::optional<Decision> FromText(std::string_view text) {
  constexpr std::string_view kAction = "Action:", kThought = "Thought:";
  const size_t action = text.rfind(kAction);
  if (action == std::string_view::npos) return std::nullopt;
  const std::string rest = Stripped(text.substr(action + kAction.size()));
  const size_t open = rest.find('('), close = rest.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  const std::string name = Stripped(std::string_view(rest).substr(0, open));
  const std::string inside = Stripped(std::string_view(rest).substr(open + 1, close - open - 1));
  const bool finish = absl::EqualsIgnoreCase(name, "Finish");
  if (!finish && !absl::EqualsIgnoreCase(name, "Replan")) return std::nullopt;
  const size_t thought = text.substr(0, action).rfind(kThought);
  Decision decision{finish, "", finish ? inside : ""};
  if (!finish) decision.thought = inside;
  if (thought != std::string_view::npos && decision.thought.empty()) {
    decision.thought =
        Stripped(text.substr(thought + kThought.size(), action - thought - kThought.size()));
  }
  return decision;
}

}  // namespace

std::optional<Decision> ParseDecision(std::string_view reply) {
  std::optional<Decision> decision = FromJson(reply);
  return decision ? decision : FromText(reply);
}

}  // namespace heddle
