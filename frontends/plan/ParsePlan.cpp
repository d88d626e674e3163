// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole plans: a stream that is fed once.

#include "frontends/plan/PlanChecker.h"
#include "frontends/plan/PlanReader.h"

#include <algorithm>
#include <set>

namespace heddle {
namespace {

class PlanCollector : public PlanListener {
public:
  explicit PlanCollector(CheckedPlan &result) : result(result) {}

  void onCall(PlanCall call) override { result.plan.calls.push_back(std::move(call)); }
  void onBroken(BrokenCall) override {}
  void onJoin(PlanJoin join) override { result.plan.join = std::move(join); }
  void onDiagnostic(const PlanDiagnostic &diagnostic) override {
    result.diagnostics.push_back(diagnostic);
  }

private:
  CheckedPlan &result;
};

/// Has no tool, and remembers which were asked for.
class AskedTools : public ToolCatalog {
public:
  const ToolDescription *find(std::string_view name) const override {
    asked.insert(std::string(name));
    return nullptr;
  }
  std::vector<std::string> names() const override { return {}; }

  mutable std::set<std::string> asked;
};

} // namespace

bool CheckedPlan::ok() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(), [](const PlanDiagnostic &diagnostic) {
    return diagnostic.severity == PlanDiagnostic::Severity::Error;
  });
}

CheckedPlan parsePlan(std::string_view text, std::string name, const ToolCatalog &catalog,
                      const PlanReadOptions &options) {
  CheckedPlan result{SourceText(name), {}, {}};
  PlanReadOptions wholeOptions = options;
  wholeOptions.whole = true;
  PlanCollector collector(result);
  PlanStream stream(std::move(name), catalog, std::move(wholeOptions), collector);
  stream.feed(text);
  stream.end();
  result.source = stream.source();
  orderCalls(result.plan.calls, result.diagnostics);
  std::vector<std::pair<uint32_t, size_t>> order; // by place, then as they were found
  for (size_t i = 0; i < result.diagnostics.size(); ++i)
    order.push_back({result.diagnostics[i].range.begin, i});
  std::sort(order.begin(), order.end());
  std::vector<PlanDiagnostic> sorted;
  for (const auto &[place, i] : order)
    sorted.push_back(std::move(result.diagnostics[i]));
  result.diagnostics = std::move(sorted);
  return result;
}

std::vector<std::string> toolsNamedIn(std::string_view text, const PlanReadOptions &options) {
  AskedTools tools;
  (void)parsePlan(text, {}, tools, options);
  return {tools.asked.begin(), tools.asked.end()};
}

} // namespace heddle
