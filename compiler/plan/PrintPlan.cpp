// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/PrintPlan.h"

#include "compiler/plan/LowerPlanToTasks.h"
#include "compiler/plan/PlanModule.h"
#include "compiler/plan/PlanPasses.h"
#include "frontends/plan/PlanReader.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/tools_file.h"

using namespace mlir;

namespace heddle {
namespace {

class Catalog : public ToolCatalog {
public:
  absl::Status add(const Json &list) {
    if (!list.is_array())
      return absl::InvalidArgumentError("the tools are no array");
    for (Json entry : list) {
      std::string builtin;
      if (auto found = entry.find("builtin"); entry.is_object() && found != entry.end()) {
        builtin = ToPlainText(*found);
        entry.erase("builtin");
      }
      HEDDLE_ASSIGN_OR_RETURN(ToolDescription tool, ParseToolDescription(ToText(entry)));
      builtins[tool.name] = builtin;
      std::string name = tool.name;
      tools.emplace(std::move(name), std::move(tool));
    }
    return absl::OkStatus();
  }

  const ToolDescription *find(std::string_view name) const override {
    auto found = tools.find(std::string(name));
    return found == tools.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto &[name, tool] : tools)
      all.push_back(name);
    return all;
  }

  std::map<std::string, std::string> builtins;

private:
  std::map<std::string, ToolDescription> tools;
};

} // namespace

absl::StatusOr<std::string> printPlan(std::string_view plan, const std::string &name,
                                      std::string_view tools, PlanLevel level) {
  HEDDLE_ASSIGN_OR_RETURN(Json list, ParseJson(tools, {}));
  Catalog catalog;
  HEDDLE_RETURN_IF_ERROR(catalog.add(list));
  CheckedPlan checked = parsePlan(plan, name, catalog);
  if (!checked.ok())
    return absl::InvalidArgumentError(render(checked.diagnostics.front(), checked.source));

  MLIRContext context;
  context.allowUnregisteredDialects(false);
  std::string problem;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (problem.empty())
      problem = diagnostic.str();
    return success();
  });
  auto module = importPlan(context, checked.plan,
                           [&](const std::string &tool) { return catalog.find(tool); });
  if (failed(module))
    return absl::InvalidArgumentError(problem);
  for (auto tool : (*module)->getOps<ToolOp>())
    if (const std::string &builtin = catalog.builtins[tool.getSymName().str()]; !builtin.empty())
      tool->setAttr("builtin", StringAttr::get(&context, builtin));

  PassManager passes(&context);
  buildPlanPipeline(passes, /*spawn=*/level == PlanLevel::Parallel);
  if (failed(passes.run(**module)))
    return absl::InternalError(problem);
  if (level == PlanLevel::Task && failed(lowerPlanToTasks(**module)))
    return absl::InternalError(problem);
  std::string text;
  llvm::raw_string_ostream os(text);
  (*module)->print(os);
  os << "\n";
  return text;
}

} // namespace heddle
