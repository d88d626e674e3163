// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan explain`: the graph of a plan's calls, its critical path, and every rewrite with its
// reason; as text, as a drawing, or as MLIR, for which alone the compiler is loaded.

#include "frontends/plan/PlanPrinter.h"
#include "runtime/plan/explain.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/LiveView.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanText.h"

#include <cstdio>
#include <fstream>
#include <set>

namespace heddle::cli {
namespace {

struct ExplainCommand {
  PlanTextFlags text;
  std::string dot, emit;
  bool json = false;

  int run() const;
};

/// `guessed`: a call of a tool that does not say what it costs is in the sum.
void printText(const Plan &plan, const PlanExplanation &explained, bool guessed) {
  size_t running = 0;
  for (const ExplainedCall &call : explained.calls)
    running += call.runs;
  const IdealSchedule &schedule = explained.schedule;
  std::printf("%zu calls, %zu run, at most %u at once; %.0f ms at best%s\n", plan.calls.size(),
              running, schedule.peak_concurrency, schedule.makespan_ms,
              guessed ? ", if a call without costMs takes 100 ms" : "");
  for (size_t i = 0; i < plan.calls.size(); ++i) {
    const ExplainedCall &call = explained.calls[i];
    std::string waits;
    for (const auto *list : {&call.uses, &call.orders})
      for (uint32_t other : *list)
        waits += (waits.empty() ? "  waits for " : ", ") + std::to_string(plan.calls[other].id);
    std::printf("  %s%s%s\n", shortText(toPlanText(plan.calls[i]), 90).c_str(),
                call.runs ? "" : "  (does not run)", waits.c_str());
  }
  std::printf("critical path:");
  for (uint32_t call : schedule.critical_path)
    std::printf(" %lld", static_cast<long long>(plan.calls[call].id));
  std::printf("\n");
  for (const Explanation &decision : explained.explanations) {
    std::printf("%lld %s", static_cast<long long>(decision.call),
                std::string(ToText(decision.kind)).c_str());
    if (decision.other)
      std::printf(" %s %lld", decision.kind == Explanation::Kind::kOrdered ? "after" : "with",
                  static_cast<long long>(*decision.other));
    std::printf(": %s\n", decision.reason.c_str());
  }
}

Json toJson(const Plan &plan, const PlanExplanation &explained) {
  Json calls = Json::array(), rewrites = Json::array(), path = Json::array();
  auto idsOf = [&](const std::vector<uint32_t> &indices) {
    Json ids = Json::array();
    for (uint32_t index : indices)
      ids.push_back(plan.calls[index].id);
    return ids;
  };
  for (size_t i = 0; i < plan.calls.size(); ++i) {
    const ExplainedCall &call = explained.calls[i];
    calls.push_back({{"id", call.id},
                     {"tool", plan.calls[i].tool},
                     {"runs", call.runs},
                     {"uses", idsOf(call.uses)},
                     {"after", idsOf(call.orders)},
                     {"start_ms", explained.schedule.start_ms[i]}});
  }
  for (const Explanation &decision : explained.explanations)
    rewrites.push_back({{"kind", ToText(decision.kind)},
                        {"call", decision.call},
                        {"other", decision.other ? Json(*decision.other) : Json(nullptr)},
                        {"reason", decision.reason}});
  return {{"calls", calls},
          {"critical_path", idsOf(explained.schedule.critical_path)},
          {"critical_path_ms", explained.schedule.makespan_ms},
          {"peak_concurrency", explained.schedule.peak_concurrency},
          {"rewrites", rewrites}};
}

std::string quoted(const std::string &text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// Uses as full lines, orders that effects add as dashed ones; the critical path is bold.
absl::Status writeDot(const std::string &path, const Plan &plan, const PlanExplanation &explained) {
  std::ofstream file(path);
  file << "digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n";
  std::vector<bool> critical(plan.calls.size());
  for (uint32_t call : explained.schedule.critical_path)
    critical[call] = true;
  for (size_t i = 0; i < plan.calls.size(); ++i) {
    const ExplainedCall &call = explained.calls[i];
    file << "  " << i << " [label=" << quoted(shortText(toPlanText(plan.calls[i]), 60))
         << (call.runs ? "" : ", style=dotted") << (critical[i] ? ", penwidth=2" : "") << "];\n";
    for (uint32_t other : call.uses)
      file << "  " << other << " -> " << i << ";\n";
    for (uint32_t other : call.orders)
      file << "  " << other << " -> " << i << " [style=dashed];\n";
  }
  file << "}\n";
  file.close();
  return file ? absl::OkStatus() : absl::InvalidArgumentError("cannot write " + path);
}

/// The tools of the plan, as the compiler takes them.
std::string toolsOf(const Plan &plan, PlanSession &session) {
  Json list = Json::array();
  std::set<std::string> seen;
  for (const PlanCall &call : plan.calls) {
    if (!seen.insert(call.tool).second)
      continue;
    Json entry = ToJson(*session.catalog().find(call.tool));
    if (const BuiltinRun *builtin = session.tools().FindBuiltin(call.tool))
      entry["builtin"] = builtin->name;
    list.push_back(entry);
  }
  return ToText(list);
}

int ExplainCommand::run() const {
  auto session = PlanSession::open(text.tools, PlanSession::Purpose::Looking);
  if (!session.ok())
    return failLineByLine(session.status());
  auto checked = text.read(**session);
  if (!checked.ok())
    return fail(checked.status());
  printDiagnostics(*checked);
  if (!checked->ok())
    return exitBadRequest;
  auto toolOf = [&](const std::string &name) { return (*session)->catalog().find(name); };
  auto evaluate = [&](const std::string &tool, const Json &arguments) {
    return (*session)->tools().registry().Evaluate(tool, arguments);
  };
  PlanExplanation explained = Explain(checked->plan, toolOf, evaluate, ToolCosts());
  if (!dot.empty())
    if (absl::Status status = writeDot(dot, checked->plan, explained); !status.ok())
      return fail(status);
  if (!emit.empty()) {
    auto mlir = planAsMlir(toPlanText(checked->plan), checked->source.name(),
                           toolsOf(checked->plan, **session),
                           emit == "task" ? HEDDLE_EMIT_TASK : HEDDLE_EMIT_HEDDLE);
    if (!mlir.ok())
      return fail(mlir.status());
    std::fputs(mlir->c_str(), stdout);
    return exitDone;
  }
  bool guessed = false;
  for (size_t i = 0; i < checked->plan.calls.size(); ++i)
    guessed |= explained.calls[i].runs && !toolOf(checked->plan.calls[i].tool)->cost_ms;
  if (json)
    std::printf("%s\n", toJson(checked->plan, explained).dump(1).c_str());
  else
    printText(checked->plan, explained, guessed);
  return exitDone;
}

} // namespace

Command addPlanExplain(CLI::App &app) {
  auto command = std::make_shared<ExplainCommand>();
  command->text.addTo(app);
  app.add_option("--dot", command->dot, "Write the graph for Graphviz");
  app.add_option("--emit", command->emit,
                 "Print the plan as MLIR: as read and optimised, or as tasks")
      ->check(CLI::IsMember({"heddle", "task"}));
  app.add_flag("--json", command->json, "Print the graph and the rewrites as JSON");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
