// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/JsonPlan.h"

#include "frontends/plan/CallIds.h"
#include "frontends/plan/Lexer.h"
#include "frontends/plan/ReferenceText.h"
#include "frontends/plan/StatementHead.h"
#include "frontends/plan/StringLiteral.h"
#include "frontends/plan/ValueBuilder.h"
#include "runtime/support/text.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

using Object = Template::Object;
using List = Template::List;

const Template *member(const Template &value, std::string_view name) {
  auto *object = std::get_if<Object>(&value.node);
  if (!object)
    return nullptr;
  for (const TemplateMember &member : object->members)
    if (member.name == name)
      return &member.value;
  return nullptr;
}

const std::string *stringOf(const Template *value) {
  auto *json = value ? std::get_if<Json>(&value->node) : nullptr;
  return json && json->is_string() ? &json->get_ref<const std::string &>() : nullptr;
}

/// A number of a call, also where it is written "3" or "$3"; -1 where it is none.
CallId idOf(const Template &value) {
  if (auto *reference = std::get_if<Reference>(&value.node))
    return reference->selector.empty() ? reference->call : -1;
  if (const std::string *text = stringOf(&value)) {
    std::string_view digits = *text;
    digits.remove_prefix(!digits.empty() && digits[0] == '$');
    size_t length = 0;
    CallId id = scanId(digits, length);
    return length == digits.size() ? id : -1;
  }
  auto *json = std::get_if<Json>(&value.node);
  bool fits = json && json->is_number_integer() && *json >= 0 && *json < 1'000'000'000'000'000'000;
  return fits ? json->get<CallId>() : -1;
}

/// One value of JSON, in which strings are left as they are.
Template parseValue(std::string_view text, size_t begin, int maxDepth, size_t &end,
                    std::vector<PlanDiagnostic> &errors) {
  ValueBuilder builder(
      maxDepth, /*foldConstants=*/false,
      [](const Token &token, std::vector<PlanDiagnostic> &) -> Template {
        return {Json(decodeString(token.text, token.range.begin, EscapedDollars::Keep).text),
                token.range};
      });
  Lexer lexer;
  lexer.moveTo(begin);
  builder.beginValue();
  while (true) {
    ValueBuilder::Step step = builder.push(*lexer.next(text, /*final=*/true));
    end = lexer.position();
    if (step == ValueBuilder::Step::More)
      continue;
    errors = builder.takeErrors();
    return builder.takeValue();
  }
}

class JsonPlanReader {
public:
  JsonPlanReader(int maxDepth, const std::vector<CallId> &earlier, StatementConsumer &consumer)
      : maxDepth(maxDepth), ids(earlier), consumer(consumer) {}

  void read(const Template &document) {
    const Template *calls = member(document, "calls");
    const Template *native = member(document, "tool_calls");
    const Template *list = calls ? calls : native ? native : &document;
    auto *elements = std::get_if<List>(&list->node);
    if (!elements) {
      complain(list->where, "expected {\"calls\": [...]}, or an array of tool calls");
      return;
    }
    for (const Template &element : elements->elements)
      readCall(element);
    if (const Template *join = member(document, "join"))
      readJoin(*join);
    else if (!joined)
      consumer.onJoin({{}, {document.where.end - 1, document.where.end}});
    checkMembers(document, calls ? "calls join thought" : "");
  }

private:
  void complain(SourceRange where, std::string message) {
    consumer.onDiagnostic(planError(where, std::move(message)));
  }

  /// A misspelled "after" must not be an order that is not kept. `known` is empty where anything goes.
  void checkMembers(const Template &value, std::string_view known) {
    auto *object = std::get_if<Object>(&value.node);
    if (!object || known.empty())
      return;
    std::string padded = absl::StrCat(" ", std::string(known), " ");
    for (const TemplateMember &member : object->members)
      if (padded.find(absl::StrCat(" ", member.name, " ")) == std::string::npos)
        complain(member.value.where, absl::StrCat("there is no ", Quoted(member.name),
                                                  " here, only ", std::string(known)));
  }

  void readCall(const Template &element) {
    ParsedCall call;
    call.where = call.idRange = call.toolRange = element.where;
    std::vector<PlanDiagnostic> errors;
    const Template *function = member(element, "function");
    const Template *id = member(element, "id");
    call.id = function || !id ? ids.next() : idOf(*id);
    if (call.id < 0) {
      errors.push_back(planError(id->where, "the id of a call is a number"));
      call.id = ids.next();
    } else if (id && !function) {
      call.idRange = id->where;
    }
    const Template *tool = function ? member(*function, "name") : member(element, "tool");
    if (const std::string *name = stringOf(tool)) {
      call.tool = *name;
      call.toolRange = tool->where;
    } else {
      errors.push_back(planError(tool ? tool->where : element.where,
                                 function ? "a function needs a \"name\", which is a string"
                                          : "a call needs a \"tool\", which is a string"));
    }
    if (function)
      readNativeArguments(member(*function, "arguments"), call, errors);
    else if (const Template *args = member(element, "args"))
      readArguments(*args, std::nullopt, call, errors);
    if (const Template *after = member(element, "after"))
      readAfter(*after, call, errors);
    if (!function)
      checkMembers(element, "id tool args after thought");
    finish(std::move(call), std::move(errors));
  }

  void finish(ParsedCall call, std::vector<PlanDiagnostic> errors) {
    if (call.tool == "join" && errors.empty()) {
      ParsedJoin join{std::move(call.arguments.positional), call.where};
      for (NamedArgument &argument : call.arguments.named)
        join.arguments.push_back(std::move(argument.value));
      joined = true;
      consumer.onJoin(std::move(join));
      return;
    }
    ids.add(call.id, consumer);
    if (errors.empty())
      consumer.onCall(std::move(call));
    else
      consumer.onBroken({call.id, std::move(call.tool), call.where, std::move(errors)});
  }

  void readAfter(const Template &after, ParsedCall &call, std::vector<PlanDiagnostic> &errors) {
    auto *ids = std::get_if<List>(&after.node);
    if (!ids) {
      errors.push_back(planError(after.where, "\"after\" is a list of ids"));
      return;
    }
    for (const Template &element : ids->elements) {
      CallId id = idOf(element);
      if (id < 0)
        errors.push_back(planError(element.where, "the id of a call is a number"));
      else
        call.after.push_back({id, element.where});
    }
  }

  /// OpenAI's arguments are JSON inside of a string; their places are that of the string.
  void readNativeArguments(const Template *text, ParsedCall &call,
                           std::vector<PlanDiagnostic> &errors) {
    const std::string *json = stringOf(text);
    if (!json) { // some servers send the object itself
      if (text)
        readArguments(*text, std::nullopt, call, errors);
      return;
    }
    if (json->find_first_not_of(" \t\r\n") == std::string::npos)
      return; // no arguments
    std::vector<PlanDiagnostic> inner;
    size_t end = 0;
    Template value = parseValue(*json, 0, maxDepth, end, inner);
    if (inner.empty() && json->find_first_not_of(" \t\r\n", end) != std::string::npos)
      inner.push_back(planError({}, "the JSON goes on where it should end"));
    for (PlanDiagnostic &error : inner)
      errors.push_back(planError(text->where, absl::StrCat("in \"arguments\": ", error.message)));
    if (inner.empty())
      readArguments(value, text->where, call, errors);
  }

  void readArguments(const Template &args, std::optional<SourceRange> where, ParsedCall &call,
                     std::vector<PlanDiagnostic> &errors) {
    if (auto *object = std::get_if<Object>(&args.node)) {
      for (const TemplateMember &member : object->members)
        call.arguments.named.push_back({member.name, where.value_or(member.value.where),
                                        withReferences(member.value, where, errors)});
    } else if (auto *list = std::get_if<List>(&args.node)) {
      for (const Template &element : list->elements)
        call.arguments.positional.push_back(withReferences(element, where, errors));
    } else {
      errors.push_back(planError(where.value_or(args.where), "arguments are an object"));
    }
  }

  void readJoin(const Template &value) {
    std::vector<PlanDiagnostic> errors;
    ParsedJoin join{{}, value.where};
    auto *list = std::get_if<List>(&value.node);
    for (const Template &argument : list ? list->elements : std::vector<Template>{value})
      join.arguments.push_back(withReferences(argument, std::nullopt, errors));
    if (errors.empty())
      consumer.onJoin(std::move(join));
    else
      consumer.onBroken({ids.next(), "join", value.where, std::move(errors)});
  }

  /// The value with the references that its strings hold, and constant parts as JSON.
  Template withReferences(const Template &value, std::optional<SourceRange> where,
                          std::vector<PlanDiagnostic> &errors) {
    SourceRange range = where.value_or(value.where);
    if (const std::string *text = stringOf(&value)) {
      StringValue decoded = decodeJsonString(*text, range.begin + 1);
      return splitReferences(
          decoded, range, [&](CallId id, SourceRange where) { return ids.has(id, where); }, errors);
    }
    if (auto *reference = std::get_if<Reference>(&value.node)) {
      Reference placed = *reference;
      placed.where = range;
      return {std::move(placed), range};
    }
    auto isConstant = [](const Template &part) { return std::holds_alternative<Json>(part.node); };
    if (auto *list = std::get_if<List>(&value.node)) {
      List result;
      for (const Template &element : list->elements)
        result.elements.push_back(withReferences(element, where, errors));
      if (!std::all_of(result.elements.begin(), result.elements.end(), isConstant))
        return {std::move(result), range};
      Json elements = Json::array();
      for (Template &element : result.elements)
        elements.push_back(std::move(std::get<Json>(element.node)));
      return {std::move(elements), range};
    }
    if (auto *object = std::get_if<Object>(&value.node)) {
      Object result;
      bool constant = true;
      for (const TemplateMember &member : object->members) {
        result.members.push_back({member.name, withReferences(member.value, where, errors)});
        constant &= isConstant(result.members.back().value);
      }
      if (!constant)
        return {std::move(result), range};
      Json members = Json::object();
      auto &pairs = members.get_ref<Json::object_t &>();
      for (TemplateMember &member : result.members)
        pairs.push_back({std::move(member.name), std::move(std::get<Json>(member.value.node))});
      return {std::move(members), range};
    }
    return {value.node, range};
  }

  const int maxDepth;
  CallIds ids;
  StatementConsumer &consumer;
  bool joined = false;
};

} // namespace

void parseJsonPlan(const SourceText &source, size_t begin, int maxDepth,
                   const std::vector<CallId> &earlier, StatementConsumer &consumer) {
  std::vector<PlanDiagnostic> errors;
  size_t end = 0;
  // The document's own objects and lists are no nesting of a value.
  Template document = parseValue(source.text(), begin, maxDepth + 5, end, errors);
  for (PlanDiagnostic &error : errors)
    consumer.onDiagnostic(std::move(error));
  if (errors.empty())
    JsonPlanReader(maxDepth, earlier, consumer).read(document);
}

} // namespace heddle
