// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tokens of the arguments of a call, and of JSON. The text may still grow: a token is given as soon
// as nothing that follows could belong to it, and what was looked at for an unfinished string is not
// looked at again, so that reading byte by byte takes linear time.

#ifndef HEDDLE_FRONTENDS_PLAN_LEXER_H
#define HEDDLE_FRONTENDS_PLAN_LEXER_H

#include "frontends/plan/Lookahead.h"
#include "runtime/plan/json.h"
#include "runtime/plan/template.h"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

struct Token {
  enum class Kind {
    Punctuation, // one of ( ) [ ] { } , : =
    String,
    Number,
    Word,
    Reference,
    End,
    Error,
  };
  Kind kind = Kind::End;
  SourceRange range;
  std::string_view text; // of the source; lives until it grows
  Reference reference;
  Json number;
  std::string message;

  bool is(char c) const { return kind == Kind::Punctuation && text[0] == c; }
};

class Lexer {
public:
  void moveTo(uint32_t newOffset) {
    offset = newOffset;
    scanned = 0;
  }

  /// Nothing where the text so far does not decide; `final`: no more will follow.
  std::optional<Token> next(std::string_view text, bool final);

  /// Behind the last token.
  uint32_t position() const { return offset; }

private:
  void skipBlanks(Lookahead &look);
  Token lex(Lookahead &look);
  Token lexString(Lookahead &look);
  Token lexNumber(Lookahead &look) const;
  Token lexWord(Lookahead &look) const;
  Token lexReference(Lookahead &look) const;
  Token make(Token::Kind kind, Lookahead &look, size_t end) const;
  Token fail(Lookahead &look, size_t end, std::string message) const;

  uint32_t offset = 0;
  size_t scanned = 0; // how far an unfinished string or comment was looked at
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_LEXER_H
