// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler found in the program and what it left, with the sizes at hand: numbers for work
// and span, the gain they promise, and the time that was measured.

#include "tools/heddle/Console.h"
#include "tools/heddle/explain/Page.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace heddle::cli {

namespace {

// A scalar operation of a kernel that fits the caches, and what it costs until a second worker has
// begun and the first knows that it is done: the executor's own figures, of which only the ratio
// counts here.
constexpr double nanosecondsPerOperation = 0.25;
constexpr double nanosecondsPerJoin = 10000;

std::string nameOf(program::Equivalence equivalence) {
  switch (equivalence) {
  case program::Equivalence::kExact:
    return "exact";
  case program::Equivalence::kReassociation:
    return "reassoc";
  case program::Equivalence::kDistribution:
    return "distribution";
  case program::Equivalence::kApproximation:
    return "approx";
  }
  return "";
}

std::vector<std::string> stringsOf(const std::vector<std::string_view> &texts) {
  return {texts.begin(), texts.end()};
}

/// Adds up what tasks with one of the names took; a task that runs sub-graphs has their time in its
/// own.
class MeasuredTime {
public:
  MeasuredTime(const Explanation &all, const std::vector<std::string> &sources)
      : all(all), names(sources.begin(), sources.end()) {}

  double of(const ExplainedGraph &graph) const {
    double sum = -1;
    for (const ExplainedTask &task : graph.tasks) {
      double us = -1;
      if (isNamed(task.name))
        us = task.measuredUs;
      else
        for (size_t inside : task.inside)
          us = std::max(us, of(all.graphs[inside]));
      if (us >= 0)
        sum = std::max(sum, 0.0) + us;
    }
    return sum;
  }

private:
  /// A fused task has the names of all its nodes.
  bool isNamed(const std::string &task) const {
    for (size_t begin = 0; begin <= task.size();) {
      size_t end = std::min(task.find(", ", begin), task.size());
      if (names.count(task.substr(begin, end - begin)))
        return true;
      begin = end + 2;
    }
    return false;
  }

  const Explanation &all;
  std::set<std::string> names;
};

std::string joined(const std::vector<std::string> &texts) {
  constexpr size_t most = 6;
  std::string result;
  for (size_t i = 0; i < std::min(texts.size(), most); ++i)
    result += (i ? ", " : "") + texts[i];
  if (texts.size() > most)
    result += " and " + std::to_string(texts.size() - most) + " more";
  return result.empty() ? "unnamed nodes" : result;
}

/// "12*seq = 96"
std::string sizeText(const std::string &formula, int64_t number) {
  std::string value = number >= 0 ? std::to_string(number) : "";
  if (formula.empty())
    return "not known";
  return value.empty() || formula == value ? formula : formula + " = " + value;
}

std::string fixed(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2f", value);
  return buffer;
}

/// "work 1024, span 20, parallelism 51.20; predicted gain 1.90 on 2 cores, ..."
std::string gainText(const ExplainedConstruct &construct) {
  std::string text = "work " + sizeText(construct.workText, construct.work) + ", span " +
                     sizeText(construct.spanText, construct.span);
  if (construct.hasNumbers()) {
    text += ", parallelism " + fixed(construct.parallelism()) + "; predicted gain";
    for (int cores : predictedCores)
      text += (cores == predictedCores[0] ? " " : ", ") + fixed(construct.speedup(cores)) + " on " +
              std::to_string(cores);
  }
  if (construct.measuredUs >= 0)
    text += "; measured " + timeText(construct.measuredUs);
  return text;
}

std::string howText(const ExplainedConstruct &construct) {
  return (construct.form.empty() ? "" : construct.form + ", ") + construct.equivalence;
}

} // namespace

double ExplainedConstruct::speedup(int cores) const {
  if (cores == 1 || !hasNumbers())
    return 1;
  auto all = static_cast<double>(work), chain = static_cast<double>(span);
  double join = nanosecondsPerJoin / nanosecondsPerOperation;
  // What does not pay runs as a list.
  return std::max(1.0, all / (chain + (all - chain) / cores + join));
}

void explainConstructs(const DecodedProgram &program, const ShapePlan &plan,
                       Explanation &explanation) {
  auto number = [&](uint32_t expression) -> int64_t {
    return expression == kNoExpression ? -1 : std::max<int64_t>(plan.exprs[expression], -1);
  };
  for (const ProgramConstruct &c : program.constructs) {
    ExplainedConstruct &construct = explanation.constructs.emplace_back();
    construct.kind = std::string(c.kind);
    construct.summary = std::string(c.summary);
    construct.proof = std::string(c.proof);
    construct.equivalence = nameOf(c.equivalence);
    construct.form = std::string(c.form);
    construct.sources = stringsOf(c.sources);
    construct.workText = std::string(c.work_text);
    construct.spanText = std::string(c.span_text);
    construct.work = number(c.work);
    construct.span = number(c.span);
    construct.measuredUs = MeasuredTime(explanation, construct.sources).of(explanation.main());
  }
  for (const ProgramSequential &left : program.sequential)
    explanation.sequential.push_back({stringsOf(left.sources), std::string(left.reason)});
}

std::string constructsText(const Explanation &all) {
  std::string text;
  if (!all.constructs.empty())
    text += "found\n";
  for (const ExplainedConstruct &construct : all.constructs)
    text += "  " + oneLine(construct.kind) + ": " + oneLine(construct.summary) + " (" +
            oneLine(howText(construct)) + ")\n    from " + oneLine(joined(construct.sources)) +
            "\n    because " + oneLine(construct.proof) + "\n    " + oneLine(gainText(construct)) +
            "\n";
  if (!all.sequential.empty())
    text += "left sequential\n";
  for (const LeftSequential &left : all.sequential)
    text += "  " + oneLine(joined(left.sources)) + ": " + oneLine(left.reason) + "\n";
  return text.empty() ? text : text + "\n";
}

std::string constructsHtml(const Explanation &all) {
  std::string html;
  if (!all.constructs.empty())
    html +=
        "<h2>Parallelism that was found</h2><table class=\"found\"><tr><th>what</th><th>how</th>"
        "<th>from</th><th>because</th><th>gain</th></tr>\n";
  for (const ExplainedConstruct &construct : all.constructs) {
    html += "<tr>";
    for (const std::string &cell :
         {construct.kind + ": " + construct.summary, howText(construct), joined(construct.sources),
          construct.proof, gainText(construct)})
      html += "<td>" + escaped(cell) + "</td>";
    html += "</tr>\n";
  }
  html += all.constructs.empty() ? "" : "</table>\n";
  if (!all.sequential.empty())
    html +=
        "<h2>Left sequential</h2><table class=\"found\"><tr><th>from</th><th>because</th></tr>\n";
  for (const LeftSequential &left : all.sequential)
    html += "<tr><td>" + escaped(joined(left.sources)) + "</td><td>" + escaped(left.reason) +
            "</td></tr>\n";
  return html + (all.sequential.empty() ? "" : "</table>\n");
}

} // namespace heddle::cli
