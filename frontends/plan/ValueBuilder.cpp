// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/ValueBuilder.h"

#include "frontends/plan/StringLiteral.h"
#include "runtime/support/text.h"

#include <algorithm>
#include <unordered_set>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

constexpr size_t maxSoftErrors = 16;

std::optional<Json> literalWord(std::string_view word) {
  if (word == "true" || word == "True")
    return Json(true);
  if (word == "false" || word == "False")
    return Json(false);
  if (word == "null" || word == "None")
    return Json(nullptr);
  return std::nullopt;
}

char closingOf(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

std::string found(const Token &token) {
  return token.kind == Token::Kind::End ? "the text ends"
                                        : absl::StrCat("found ", Quoted(token.text.substr(0, 40)));
}

// The name whose second use makes members ambiguous.
const NamedArgument *firstDuplicate(const std::vector<NamedArgument> &members) {
  std::unordered_set<std::string_view> names;
  for (const NamedArgument &member : members)
    if (!names.insert(member.name).second)
      return &member;
  return nullptr;
}

} // namespace

void ValueBuilder::beginArguments(SourceRange parenthesis) {
  beginValue();
  stack.emplace_back('(', parenthesis);
}

void ValueBuilder::beginValue() {
  stack.clear();
  heldWord.reset();
  lastString.reset();
  arguments = {};
  value = {};
  errors.clear();
}

void ValueBuilder::softError(SourceRange range, std::string message) {
  if (errors.size() < maxSoftErrors)
    errors.push_back(planError(range, std::move(message)));
}

ValueBuilder::Step ValueBuilder::fail(const Token &token, std::string expected) {
  // Where the text ends or another statement begins, the place to look at is what was opened last.
  bool ends = token.kind == Token::Kind::End;
  if (token.kind == Token::Kind::Error)
    errors.push_back(planError(token.range, token.message));
  else if (ends && !stack.empty())
    errors.push_back(
        planError(stack.back().begin,
                  absl::StrCat("this '", std::string(1, stack.back().open), "' is never closed")));
  else
    errors.push_back(
        planError(token.range, absl::StrCat("expected ", expected, ", ", found(token))));
  return Step::Failed;
}

ValueBuilder::Step ValueBuilder::push(const Token &token) {
  Step step = pushIn(token);
  if (token.kind == Token::Kind::String)
    lastString = token.range;
  return step;
}

ValueBuilder::Step ValueBuilder::pushIn(const Token &token) {
  if (heldWord) {
    SourceRange range = heldWord->range;
    heldWord.reset();
    if (token.is('=') || token.is(':'))
      return nameFrom(heldText, range, Frame::Expect::Value);
    std::optional<Json> literal = literalWord(heldText);
    if (!literal && token.is('(')) {
      errors.push_back(planError(range, "a call inside a call: give it a line of its own and refer "
                                        "to it as $N"));
      return Step::Failed;
    }
    if (!literal) {
      errors.push_back(planError(
          range, absl::StrCat("expected a value, found ", Quoted(heldText), ": text is quoted")));
      return Step::Failed;
    }
    if (accept({std::move(*literal), range}) == Step::Failed)
      return Step::Failed;
  }
  if (stack.empty())
    return beginItem(token);
  Frame &top = stack.back();
  switch (top.expect) {
  case Frame::Expect::Item:
    return expectItem(token);
  case Frame::Expect::Value:
    return beginItem(token);
  case Frame::Expect::Colon:
    if (!token.is(':'))
      return fail(token, "':' behind the name of a member");
    top.expect = Frame::Expect::Value;
    return Step::More;
  case Frame::Expect::Separator:
    break;
  }
  if (token.is(',')) {
    top.expect = Frame::Expect::Item;
    return Step::More;
  }
  if (token.is(closingOf(top.open)))
    return close(token);
  // "name"=value: what looked like a value was a name.
  bool isName = stack.size() == 1 && !top.items.empty() && lastString &&
                lastString->end == top.items.back().where.end;
  if (isName && (token.is('=') || token.is(':'))) {
    auto *name = std::get_if<Json>(&top.items.back().node);
    if (name && name->is_string()) {
      std::string text = name->get<std::string>();
      SourceRange range = top.items.back().where;
      top.items.pop_back();
      return nameFrom(std::move(text), range, Frame::Expect::Value);
    }
  }
  return fail(token, absl::StrCat("',' or '", std::string(1, closingOf(top.open)), "'"));
}

ValueBuilder::Step ValueBuilder::expectItem(const Token &token) {
  Frame &top = stack.back();
  if (token.is(closingOf(top.open)))
    return close(token);
  if (top.open == '{') {
    using Kind = Token::Kind;
    if (token.kind == Kind::String)
      return nameFrom(decodeString(token.text, token.range.begin).text, token.range,
                      Frame::Expect::Colon);
    if (token.kind == Kind::Word || token.kind == Kind::Number)
      return nameFrom(std::string(token.text), token.range, Frame::Expect::Colon);
    return fail(token, "the name of a member or '}'");
  }
  if (stack.size() == 1 && top.open == '(' && token.kind == Token::Kind::Word) {
    heldText = std::string(token.text);
    heldWord = token;
    return Step::More;
  }
  return beginItem(token);
}

ValueBuilder::Step ValueBuilder::nameFrom(std::string name, SourceRange range, Frame::Expect next) {
  stack.back().name = {std::move(name), range};
  stack.back().expect = next;
  return Step::More;
}

ValueBuilder::Step ValueBuilder::beginItem(const Token &token) {
  switch (token.kind) {
  case Token::Kind::String:
    return accept(makeString(token, errors));
  case Token::Kind::Number:
    return accept({token.number, token.range});
  case Token::Kind::Reference:
    return accept({token.reference, token.range});
  case Token::Kind::Word:
    if (std::optional<Json> literal = literalWord(token.text))
      return accept({std::move(*literal), token.range});
    return fail(token, "a value (text is quoted)");
  case Token::Kind::Punctuation:
    if (token.is('(') || token.is('[') || token.is('{'))
      return open(token);
    break;
  default:
    break;
  }
  return fail(token, "a value");
}

ValueBuilder::Step ValueBuilder::open(const Token &token) {
  if (static_cast<int>(stack.size()) > maxDepth) {
    errors.push_back(
        planError(token.range, absl::StrCat("lists and objects nest deeper than ", maxDepth)));
    return Step::Failed;
  }
  stack.emplace_back(token.text[0], token.range);
  return Step::More;
}

ValueBuilder::Step ValueBuilder::accept(Template item) {
  if (stack.empty()) {
    value = std::move(item);
    return Step::Done;
  }
  Frame &top = stack.back();
  top.expect = Frame::Expect::Separator;
  top.isConstant &= std::holds_alternative<Json>(item.node);
  if (top.name) {
    top.members.push_back({std::move(top.name->first), top.name->second, std::move(item)});
    top.name.reset();
    return Step::More;
  }
  top.items.push_back(std::move(item));
  return Step::More;
}

ValueBuilder::Step ValueBuilder::close(const Token &token) {
  Frame frame = std::move(stack.back());
  stack.pop_back();
  SourceRange where{frame.begin.begin, token.range.end};
  if (auto *twice = firstDuplicate(frame.members))
    softError(twice->nameRange, absl::StrCat(Quoted(twice->name), " is given twice"));
  if (frame.open == '{')
    return accept(toObject(std::move(frame), where));
  if (frame.open == '(' && stack.empty()) {
    if (!frame.items.empty() && !frame.members.empty() &&
        frame.items.back().where.begin > frame.members[0].nameRange.begin)
      softError(frame.items.back().where,
                "an argument without a name stands behind one with a name");
    arguments = {std::move(frame.items), std::move(frame.members)};
    return Step::Done;
  }
  // As in Python, (x) is x, and (x,) a list of one.
  bool isTuple = frame.items.size() != 1 || frame.expect == Frame::Expect::Item;
  if (frame.open == '(' && !isTuple)
    return accept(std::move(frame.items[0]));
  return accept(toList(std::move(frame), where));
}

Template ValueBuilder::toList(Frame frame, SourceRange where) {
  if (!frame.isConstant || !foldConstants)
    return {Template::List{std::move(frame.items)}, where};
  Json elements = Json::array();
  for (Template &item : frame.items)
    elements.push_back(std::move(std::get<Json>(item.node)));
  return {std::move(elements), where};
}

Template ValueBuilder::toObject(Frame frame, SourceRange where) {
  if (frame.isConstant && foldConstants) {
    // ordered_json looks for a name from the front: it is given pairs that are already unique.
    Json members = Json::object();
    auto &pairs = members.get_ref<Json::object_t &>();
    for (NamedArgument &member : frame.members)
      pairs.push_back({std::move(member.name), std::move(std::get<Json>(member.value.node))});
    return {std::move(members), where};
  }
  Template::Object object;
  for (NamedArgument &member : frame.members)
    object.members.push_back({std::move(member.name), std::move(member.value)});
  return {std::move(object), where};
}

} // namespace heddle
