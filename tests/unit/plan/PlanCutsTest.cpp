// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan says the same however its text is cut into pieces.

#include <gtest/gtest.h>

#include <random>

#include "plan_testing.h"

namespace heddle {
namespace {

/// Writes down the places, too.
class PlacingListener : public WritingListener {
 public:
  void onCall(PlanCall call) override {
    add(call.where);
    WritingListener::onCall(std::move(call));
  }
  void onBroken(BrokenCall call) override {
    add(call.where);
    WritingListener::onBroken(std::move(call));
  }
  void onJoin(PlanJoin join) override {
    add(join.where);
    WritingListener::onJoin(std::move(join));
  }
  void onDiagnostic(const PlanDiagnostic& diagnostic) override {
    add(diagnostic.range);
    WritingListener::onDiagnostic(diagnostic);
  }

 private:
  void add(SourceRange range) {
    events.push_back(std::to_string(range.begin) + " to " + std::to_string(range.end));
  }
};

using Events = std::vector<std::string>;

Events read(const std::vector<std::string_view>& pieces, const PlanReadOptions& options) {
  static const TestCatalog catalog;
  PlacingListener listener;
  PlanStream stream("plan", catalog, options, listener);
  for (std::string_view piece : pieces) stream.feed(piece);
  stream.end();
  return listener.events;
}

void expectSameHoweverCut(std::string_view text, const PlanReadOptions& options = {}) {
  Events whole = read({text}, options);
  std::vector<std::string_view> bytes;
  for (size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
  EXPECT_EQ(read(bytes, options), whole) << text << "\nbyte by byte";
  for (size_t at = 1; at < text.size(); ++at)
    EXPECT_EQ(read({text.substr(0, at), text.substr(at)}, options), whole) << text << "\nat " << at;
}

TEST(PlanCuts, EveryPlaceIsAsGoodAsNone) {
  for (
      const char* text :
      {"Thought: x\n1. search(\"a\\\"b\", limit=2) 2. any($1.items[0].price, \"\"\"x\"y\"\"\")\n3. "
       "join($2)\n<END_OF_PLAN>\n4. now()",
       "1. search(\"a\n2. search(\"b\")\n3. join()",
       "1. search(\"a)\n2. search('b'\n3. now()\n\n4. join\n", "1. any(<END_OF_PLAN>, 2)",
       "1. any(q\n1. now()\n2. join()",
       "text 1. now() more\n```\n2. nothing(1)\nThoughtful(1)\nThought 2. now()\n3. after 1, 2: "
       "now()// c\njoin()",
       "{\"calls\": [{\"id\": 1, \"tool\": \"now\"}]}",
       "1. any(007)\n2. any(\"${1\")\n3. any(''''a'''')\n4. join(",
       "1. now()\n<END_OF_PLAN> and what is behind it, which may be long",
       "\xC3\xA9 1. any(\"\xC3\xA9\") \xFF\n<END_OF_PLA join()\njoin these\njoin",
       // Behind a call: what was half read as the head of another one said that stars belong to it.
       "1. now()*j)\n**2. now()**, 3. now()\n* * *",
       // How much of a line or of a number had arrived was in the message's range.
       "1. this is no call of anything\n2. any($12345678901234567890123)\n3. join()"})
    expectSameHoweverCut(text);
}

TEST(PlanCuts, LimitsAreReachedAtTheSamePlace) {
  PlanReadOptions options;
  options.maxCalls = 2;
  options.maxBytes = 60;
  for (const char* text :
       {"1. now()\n2. now()\n3. now()\nnot read\n4. now()\njoin()",
        "1. now()\n2. now()\n3. now() and this is behind what is read, up to byte 60 and on",
        "1. now()\njoin()\n<END_OF_PLAN>\nand more than the bytes that there may be",
        "1. now()\nThought: this goes on for longer than it may, and is cut\njoin()"})
    expectSameHoweverCut(text, options);
}

TEST(PlanCuts, TextsThatNobodyWrote) {
  static constexpr std::string_view parts[] = {
      "1. ",    "2.",       "\n",    "\n",      " ",    "now()", "any(",    ")",   "\"",    "'",
      "\"\"\"", "'''",      "\\",    "$1",      "${1",  "}",     ".x",      "[0]", "{",     "[",
      "]",      ",",        ":",     "=",       "*",    "**",    "- ",      "`",   "```",   "#",
      "//",     "<END_OF_", "PLAN>", "Thought", "join", "(",     "after 1", "12",  "-1.5e", "true",
      "word",   "\xC3",     "\xA9",  "3) ",     "\t",   "\r\n"};
  std::mt19937 random(1);
  for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
    std::string text;
    for (int count = random() % 24; count >= 0; --count) text += parts[random() % std::size(parts)];
    expectSameHoweverCut(text);
  }
}

}  // namespace
}  // namespace heddle
