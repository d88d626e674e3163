// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanPrinter.h"

#include "frontends/plan/StatementHead.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

/// A literal with JSON's escapes, without quotes. Every dollar that could be taken for the start of
/// a reference is escaped, also one that ends the piece.
std::string escaped(const std::string &literal) {
  std::string json = ToText(Json(literal));
  std::string text;
  for (size_t i = 1; i + 1 < json.size(); ++i) {
    bool ends = i + 2 >= json.size();
    bool mayRefer = json[i] == '$' && (ends || json[i + 1] == '{' ||
                                       std::isdigit(static_cast<unsigned char>(json[i + 1])));
    if (mayRefer)
      text += '\\';
    text += json[i];
  }
  return text;
}

std::string quoted(const std::string &literal) {
  return absl::StrCat("\"", escaped(literal), "\"");
}

class ValuePrinter {
public:
  void print(const Template &value) {
    if (auto *json = std::get_if<Json>(&value.node))
      print(*json);
    else if (auto *reference = std::get_if<Reference>(&value.node))
      text += ToPlanText(*reference, /*braced=*/false);
    else if (auto *pieces = std::get_if<Template::Text>(&value.node))
      print(*pieces);
    else if (auto *list = std::get_if<Template::List>(&value.node))
      printAll(list->elements, '[', ']', [this](const Template &element) { print(element); });
    else
      printAll(std::get<Template::Object>(value.node).members, '{', '}',
               [this](const TemplateMember &member) {
                 absl::StrAppend(&text, ToText(Json(member.name)), ": ");
                 print(member.value);
               });
  }

  std::string take() { return std::move(text); }

private:
  void print(const Json &json) {
    if (json.is_string())
      text += quoted(json.get_ref<const std::string &>());
    else if (json.is_array())
      printAll(json, '[', ']', [this](const Json &element) { print(element); });
    else if (json.is_object())
      printAll(json.items(), '{', '}', [this](const auto &member) {
        absl::StrAppend(&text, ToText(Json(member.key())), ": ");
        print(member.value());
      });
    else
      text += ToText(json);
  }

  void print(const Template::Text &pieces) {
    text += '"';
    for (const auto &piece : pieces.pieces)
      if (auto *literal = std::get_if<std::string>(&piece))
        text += escaped(*literal);
      else
        text += inString(std::get<Reference>(piece));
    text += '"';
  }

  /// Quotes of a selector's name stand inside of the string's.
  static std::string inString(const Reference &reference) {
    std::string json = ToText(Json(ToPlanText(reference, /*braced=*/true)));
    return json.substr(1, json.size() - 2);
  }

  template <typename Range, typename Print>
  void printAll(const Range &range, char open, char close, const Print &printOne) {
    text += open;
    const char *separator = "";
    for (const auto &one : range) {
      text += std::exchange(separator, ", ");
      printOne(one);
    }
    text += close;
  }

  std::string text;
};

std::string nameText(const std::string &name) {
  auto isPlain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  bool plain = !name.empty() && name.size() < 256 &&
               std::all_of(name.begin(), name.end(), isPlain) &&
               (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
  return plain ? name : quoted(name);
}

} // namespace

std::string toPlanText(const Template &value) {
  ValuePrinter printer;
  printer.print(value);
  return printer.take();
}

std::string toPlanText(const PlanCall &call) {
  std::string text = absl::StrCat(call.id, ". ");
  for (size_t i = 0; i < call.after.size(); ++i)
    absl::StrAppend(&text, i == 0 ? "after " : ", ", call.after[i],
                    i + 1 == call.after.size() ? ": " : "");
  absl::StrAppend(&text, call.tool, "(");
  for (const TemplateMember &member : call.arguments.members)
    absl::StrAppend(&text, &member == &call.arguments.members[0] ? "" : ", ", nameText(member.name),
                    "=", toPlanText(member.value));
  return text + ")";
}

std::string toPlanText(const Plan &plan) {
  std::string text;
  CallId last = 0;
  for (const PlanCall &call : plan.calls) {
    absl::StrAppend(&text, toPlanText(call), "\n");
    last = std::max(last, call.id);
  }
  if (!plan.join)
    return text;
  absl::StrAppend(&text, last + 1, ". join(");
  for (size_t i = 0; i < plan.join->arguments.size(); ++i)
    absl::StrAppend(&text, i == 0 ? "" : ", ", toPlanText(plan.join->arguments[i]));
  return text + ")\n";
}

} // namespace heddle
