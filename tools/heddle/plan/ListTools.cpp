// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan tools`: what a plan may call, and the grammar that only such plans have.

#include "frontends/plan/PlanGrammar.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/LiveView.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanSession.h"

#include <cstdio>

namespace heddle::cli {
namespace {

constexpr const char *effectNames[] = {"pure", "read", "write"};

struct ToolsCommand {
  std::string tools, grammar;
  bool json = false;

  int run() const;
};

/// "search(query, limit?)"
std::string signatureOf(const ToolDescription &tool) {
  std::string text = tool.name + "(";
  const char *separator = "";
  auto properties = tool.input_schema.find("properties");
  auto required = tool.input_schema.find("required");
  if (properties != tool.input_schema.end() && properties->is_object())
    for (const auto &[name, schema] : properties->items()) {
      bool needed = required != tool.input_schema.end() && required->is_array() &&
                    std::find(required->begin(), required->end(), Json(name)) != required->end();
      text += separator + name + (needed ? "" : "?");
      separator = ", ";
    }
  return text + ")";
}

int ToolsCommand::run() const {
  auto session = PlanSession::open(tools, PlanSession::Purpose::Running);
  if (!session.ok())
    return failLineByLine(session.status());
  if (absl::Status status = (*session)->loadAll(); !status.ok())
    return fail(status);
  std::vector<const ToolDescription *> descriptions = (*session)->catalog().tools();
  if (grammar == "gbnf") {
    std::fputs(planGrammarGbnf(descriptions).c_str(), stdout);
  } else if (grammar == "json-schema") {
    std::printf("%s\n", planGrammarSchema(descriptions).dump(1).c_str());
  } else if (json) {
    Json list = Json::array();
    for (const ToolDescription *tool : descriptions)
      list.push_back(ToJson(*tool));
    std::printf("%s\n",
                Json{{"tools", list}}.dump(1, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    for (const ToolDescription *tool : descriptions) {
      std::printf("%s  %s%s%s\n", signatureOf(*tool).c_str(),
                  effectNames[static_cast<int>(tool->effects)], tool->resource.empty() ? "" : " ",
                  tool->resource.c_str());
      if (!tool->description.empty())
        std::printf("    %s\n", shortText(tool->description, 100).c_str());
    }
  }
  return exitDone;
}

} // namespace

Command addPlanTools(CLI::App &app) {
  auto command = std::make_shared<ToolsCommand>();
  app.add_option("tools", command->tools, "The tools file (docs/tools.md)")->required();
  app.add_flag("--json", command->json, "Print the tools as JSON");
  app.add_option("--grammar", command->grammar, "Print the grammar of plans with these tools")
      ->check(CLI::IsMember({"gbnf", "json-schema"}));
  return [command] { return command->run(); };
}

} // namespace heddle::cli
