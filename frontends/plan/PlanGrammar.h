// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plans that a set of tools allows, as grammars that constrain what a language model writes: GBNF
// (llama.cpp and others) for the plan language, JSON Schema for JSON plans. Both write arguments by
// name, those that are required first; a reference may stand wherever a value does.

#ifndef HEDDLE_FRONTENDS_PLAN_PLANGRAMMAR_H
#define HEDDLE_FRONTENDS_PLAN_PLANGRAMMAR_H

#include "runtime/plan/json.h"
#include "runtime/tools/tool.h"

#include <string>
#include <vector>

namespace heddle {

std::string planGrammarGbnf(const std::vector<const ToolDescription *> &tools);
Json planGrammarSchema(const std::vector<const ToolDescription *> &tools);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANGRAMMAR_H
