// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From text to checked calls. What form the text has (plan language, JSON plan, OpenAI tool_calls)
// is found out.
//
//   CheckedPlan checked = parsePlan(text, "plan.txt", catalog);
//   if (!checked.ok()) ...render(checked.diagnostics[0], checked.source)...
//
// or, while a language model still writes it, each call the moment its last character arrives:
//
//   PlanStream stream("plan", catalog, options, listener);
//   stream.feed(token); ...; stream.end();
//
// In a stream a call that is wrong fails alone; a whole plan with an error should not run.

#ifndef HEDDLE_FRONTENDS_PLAN_PLANREADER_H
#define HEDDLE_FRONTENDS_PLAN_PLANREADER_H

#include "frontends/plan/ParsedPlan.h"
#include "frontends/plan/PlanDiagnostic.h"
#include "frontends/plan/ToolCatalog.h"
#include "runtime/plan/plan.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

struct PlanReadOptions {
  size_t maxCalls = 100'000;
  size_t maxBytes = size_t{16} << 20;
  int maxDepth = 64; // of lists and objects
  size_t maxDiagnostics = 100;
  bool requireJoin = true;
  /// All of the plan is there before anything runs: it is checked at its end, when every id is known.
  bool whole = false;
  /// Calls of earlier rounds that this plan may refer to, with their tools.
  std::vector<std::pair<CallId, std::string>> earlier = {};
};

class PlanListener {
public:
  virtual ~PlanListener() = default;
  virtual void onCall(PlanCall call) = 0;
  /// Its id is that of the text, or a free one where another call has that id.
  virtual void onBroken(BrokenCall call) = 0;
  virtual void onJoin(PlanJoin join) = 0;
  /// Every error and warning, those of broken calls included.
  virtual void onDiagnostic(const PlanDiagnostic &diagnostic) = 0;
};

/// Linear time in the text, however it is cut. The catalog and the listener outlive it.
class PlanStream {
public:
  PlanStream(std::string name, const ToolCatalog &catalog, PlanReadOptions options,
             PlanListener &listener);
  ~PlanStream();

  void feed(std::string_view text);
  void end();

  /// <END_OF_PLAN> was read, or the rest cannot count any more.
  bool complete() const;
  const SourceText &source() const;

private:
  class State;
  std::unique_ptr<State> state;
};

struct CheckedPlan {
  SourceText source;
  Plan plan;                               // the calls that are right; complete only where ok
  std::vector<PlanDiagnostic> diagnostics; // in the order of the text

  bool ok() const;
};

CheckedPlan parsePlan(std::string_view text, std::string name, const ToolCatalog &catalog,
                      const PlanReadOptions &options = {});

/// The tools that a plan names, each once: what must be loaded before it is checked.
std::vector<std::string> toolsNamedIn(std::string_view text, const PlanReadOptions &options = {});

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANREADER_H
