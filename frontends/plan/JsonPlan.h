// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans that are JSON:
//
//   {"calls": [{"id": 1, "tool": "search", "args": {"query": "Lyon"}, "after": [2]}], "join": ["$1"]}
//
// and OpenAI's tool_calls, an array or an object that holds one:
//
//   [{"id": "call_a", "type": "function", "function": {"name": "search", "arguments": "{...}"}}]
//
// whose calls are numbered from 1. It is read as the values of the plan language are, of which JSON
// is a part, so that errors have a place; what models get wrong in JSON (a comma too many, single
// quotes) is no error. frontends/plan/plan.schema.json describes the first form.

#ifndef HEDDLE_FRONTENDS_PLAN_JSONPLAN_H
#define HEDDLE_FRONTENDS_PLAN_JSONPLAN_H

#include "frontends/plan/ParsedPlan.h"

#include <optional>
#include <string_view>

namespace heddle {

enum class PlanForm { Undecided, Language, Json };

/// Finds out which form a growing text has: the first line that begins JSON or a call decides;
/// fences and prose before it say nothing.
class PlanFormFinder {
public:
  PlanForm find(std::string_view text, bool final);
  size_t jsonBegin() const { return lineBegin; }

private:
  size_t lineBegin = 0; // of the first line that may say it
  bool lineSaysNothing = false;
};

/// Reads the whole source from `begin`. `earlier`: ids that references may name from the start.
void parseJsonPlan(const SourceText &source, size_t begin, int maxDepth,
                   const std::vector<CallId> &earlier, StatementConsumer &consumer);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_JSONPLAN_H
