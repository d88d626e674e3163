// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two look-ups that take half a second each, then what depends on both: the look-ups run at the same
// time, though nobody said so. Prints the events, the result, and how long it took.

#include <heddle/plan.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

using namespace heddle::api;

namespace {

constexpr const char *kPopulation = R"({
  "name": "population",
  "description": "How many people live in a city",
  "inputSchema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
  "heddle": {"effects": "read"}})";

ToolResult Population(std::string_view arguments) {
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  if (arguments.find("Lyon") != std::string_view::npos)
    return ToolResult::Json("522000");
  if (arguments.find("Nantes") != std::string_view::npos)
    return ToolResult::Json("323000");
  return ToolResult::Failed("there is no such city here");
}

constexpr const char *kCompare = R"({
  "name": "compare",
  "description": "Says which of two numbers is larger",
  "inputSchema": {"type": "object", "properties": {"first": {"type": "number"}, "second": {"type": "number"}},
                  "required": ["first", "second"]},
  "heddle": {"effects": "pure"}})";

// Asynchronous: what it starts completes on another thread.
void Compare(std::string arguments, PlanRunner::Completion done) {
  std::thread([arguments = std::move(arguments), done = std::move(done)] {
    done(ToolResult::Json("\"compared " + std::to_string(arguments.size()) + " bytes\""));
  }).detach();
}

} // namespace

int main() {
  PlanRunner runner;
  for (const std::string &problem :
       {runner.AddFunction(kPopulation, Population), runner.AddAsyncFunction(kCompare, Compare)}) {
    if (problem.empty())
      continue;
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 2;
  }
  PlanOptions options;
  options.on_event = [](const CallEvent &event) {
    if (event.state == CallState::kStarted)
      return;
    std::printf("%lld. %s: %s (%.0f ms)\n", static_cast<long long>(event.id), event.tool.c_str(),
                event.text.c_str(), event.end_ms - event.start_ms);
  };
  auto begin = std::chrono::steady_clock::now();
  // The text comes in pieces, as a language model would write it.
  PlanStream stream = runner.Start(options);
  for (const char *piece : {"1. population(\"Ly", "on\")\n2. population(\"Nantes\")\n",
                            "3. compare($1, $2)\n", "4. join($3)\n"}) {
    stream.Feed(piece);
  }
  PlanReport report = stream.Finish();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!report.ok()) {
    std::fprintf(stderr, "%s\n", report.diagnostics.c_str());
    return 1;
  }
  std::printf("%s after %.1f s\n", report.result.c_str(), seconds);
  return 0;
}
