// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the arguments of a call, or one JSON value, token by token. Nesting is a stack of its own,
// so that neither depth nor a text that stops halfway costs anything.

#ifndef HEDDLE_FRONTENDS_PLAN_VALUEBUILDER_H
#define HEDDLE_FRONTENDS_PLAN_VALUEBUILDER_H

#include "frontends/plan/Lexer.h"
#include "frontends/plan/ParsedPlan.h"

#include <functional>
#include <optional>
#include <vector>

namespace heddle {

class ValueBuilder {
public:
  /// What a string literal stands for; may add errors, which make the call wrong but readable.
  using MakeString = std::function<Template(const Token &, std::vector<PlanDiagnostic> &)>;

  ValueBuilder(int maxDepth, bool foldConstants, MakeString makeString)
      : maxDepth(maxDepth), foldConstants(foldConstants), makeString(std::move(makeString)) {}

  /// What was built before is forgotten. The parenthesis stands before the first token.
  void beginArguments(SourceRange parenthesis);
  void beginValue();

  enum class Step { More, Done, Failed };
  Step push(const Token &token);

  ParsedArguments takeArguments() { return std::move(arguments); }
  Template takeValue() { return std::move(value); }
  /// After Failed, the last one is where reading stopped.
  std::vector<PlanDiagnostic> takeErrors() { return std::move(errors); }

  /// The bracket that was opened last and is still open; empty where none is.
  std::string innermostOpen() const {
    return stack.empty() ? std::string() : std::string(1, stack.back().open);
  }
  SourceRange innermostRange() const { return stack.empty() ? SourceRange{} : stack.back().begin; }

private:
  struct Frame {
    Frame(char open, SourceRange begin) : open(open), begin(begin) {}

    char open;
    SourceRange begin;
    enum class Expect { Item, Colon, Value, Separator } expect = Expect::Item;
    bool isConstant = true;
    std::vector<Template> items;
    std::vector<NamedArgument> members;
    std::optional<std::pair<std::string, SourceRange>> name; // of the value that follows
  };

  Step pushIn(const Token &token);
  Step expectItem(const Token &token);
  Step beginItem(const Token &token);
  Step open(const Token &token);
  Step close(const Token &token);
  Step accept(Template item);
  Step nameFrom(std::string name, SourceRange range, Frame::Expect next);
  Step fail(const Token &token, std::string expected);
  void softError(SourceRange range, std::string message);
  Template toList(Frame frame, SourceRange where);
  Template toObject(Frame frame, SourceRange where);

  const int maxDepth;
  const bool foldConstants;
  const MakeString makeString;
  std::vector<Frame> stack;
  std::optional<Token> heldWord; // a name if '=' follows, else a literal
  std::string heldText;
  std::optional<SourceRange> lastString;
  ParsedArguments arguments;
  Template value;
  std::vector<PlanDiagnostic> errors;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_VALUEBUILDER_H
