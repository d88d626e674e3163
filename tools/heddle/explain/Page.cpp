// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace heddle::cli {

// Drawing thousands of boxes makes a page that no browser scrolls; the other parts still work.
static constexpr size_t mostDrawn = 6000;

static const char *const style = R"css(
:root { color-scheme: light dark; --back: #fff; --ink: #1c1e21; --soft: #667; --line: #d5d8de;
  --fill: 62% 88%; --rim: 45% 62%; --hot: #c62828; }
@media (prefers-color-scheme: dark) { :root { --back: #15171a; --ink: #e6e8eb; --soft: #99a;
  --line: #33373d; --fill: 30% 26%; --rim: 35% 46%; --hot: #ff7961; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1240px; padding: 20px;
  background: var(--back); color: var(--ink); }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 6px; }
p { margin: 4px 0; color: var(--soft); }
dl { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 14px 0; }
dt { color: var(--soft); font-size: 13px; } dd { margin: 0; font-size: 19px; }
.scroll { overflow: auto; max-height: 78vh; border: 1px solid var(--line); border-radius: 6px; }
svg { display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink);
  pointer-events: none; }
svg text.small { font-size: 10px; fill: var(--soft); }
.box { fill: hsl(var(--hue) var(--fill)); stroke: hsl(var(--hue) var(--rim)); }
.share { fill: hsl(var(--hue) var(--rim)); }
.hot > .box { stroke: var(--hot); stroke-width: 2; }
.task:hover > .box { stroke: var(--ink); stroke-width: 2; }
.edge { fill: none; stroke: var(--soft); stroke-opacity: .55; }
.edge.hot { stroke: var(--hot); stroke-width: 2; stroke-opacity: 1; }
.grid { stroke: var(--line); }
table { border-collapse: collapse; font-size: 13px; }
th, td { text-align: right; padding: 2px 10px; border-bottom: 1px solid var(--line); }
th:nth-child(2), td:nth-child(2), th:nth-child(3), td:nth-child(3), th:nth-child(n+9),
  td:nth-child(n+9) { text-align: left; }
table.found td { text-align: left; vertical-align: top; }
summary { font-size: 20px; margin: 34px 0 0; padding-top: 14px; border-top: 2px solid var(--line);
  cursor: pointer; }
td.hot { color: var(--hot); }
)css";

// A graph opens at its critical path's beginning, wherever that is drawn.
static const char *const script = R"js(<script>
for (const graph of document.querySelectorAll(".graph")) {
  const first = graph.querySelector(".task.hot");
  if (!first) continue;
  const at = first.getBoundingClientRect(), frame = graph.getBoundingClientRect();
  graph.scrollLeft = at.left + at.width / 2 - frame.left - frame.width / 2;
}
</script>
)js";

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else if (c == '"')
      result += "&quot;";
    else
      result += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
  }
  return result;
}

int hueOf(const std::string &op) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (char c : op)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return static_cast<int>((hash >> 8) % 360);
}

std::string timeText(double us) {
  char buffer[64];
  if (us >= 1e6)
    std::snprintf(buffer, sizeof buffer, "%.3g s", us / 1e6);
  else if (us >= 1e3)
    std::snprintf(buffer, sizeof buffer, "%.3g ms", us / 1e3);
  else
    std::snprintf(buffer, sizeof buffer, "%.3g us", us);
  return buffer;
}

std::string bytesText(int64_t bytes) {
  char buffer[64];
  auto number = static_cast<double>(bytes);
  if (bytes >= 1 << 20)
    std::snprintf(buffer, sizeof buffer, "%.3g MiB", number / (1 << 20));
  else if (bytes >= 1 << 10)
    std::snprintf(buffer, sizeof buffer, "%.3g KiB", number / (1 << 10));
  else
    std::snprintf(buffer, sizeof buffer, "%.0f B", number);
  return buffer;
}

static std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

static std::string costTable(const ExplainedGraph &all) {
  std::vector<uint32_t> order = all.byCost();
  order.resize(std::min<size_t>(order.size(), 40));
  std::string rows = "<table><tr><th>task</th><th>operator</th><th>runs</th><th>points</th>"
                     "<th>estimated</th><th>measured</th><th>share</th><th>beside</th>"
                     "<th>its work is split</th><th>beside others</th></tr>\n";
  for (uint32_t i : order) {
    const ExplainedTask &task = all.tasks[i];
    rows += std::string("<tr><td") + (task.critical ? " class=\"hot\"" : "") + ">" +
            std::to_string(i) + "</td><td>" + escaped(task.op) + "</td><td>" +
            escaped(task.runs.substr(0, 60)) + "</td><td>" +
            (task.points < 0 ? "?" : std::to_string(task.points)) + "</td><td>" +
            timeText(task.estimatedUs) + "</td><td>" +
            (task.measuredUs < 0 ? "" : timeText(task.measuredUs)) + "</td><td>" +
            fixed(all.totalUs > 0 ? 100 * task.us() / all.totalUs : 0, 1) + " %</td><td>" +
            std::to_string(task.beside) + "</td><td>" + escaped(task.split) + "</td><td>" +
            escaped(task.alone) + "</td></tr>\n";
  }
  return rows + "</table>\n";
}

static std::string factList(const ExplainedGraph &all) {
  std::string list = "<dl>";
  auto fact = [&](const char *name, const std::string &value) {
    list += std::string("<div><dt>") + name + "</dt><dd>" + value + "</dd></div>";
  };
  fact("tasks", std::to_string(all.tasks.size()));
  fact("levels", std::to_string(all.levels.size()));
  fact("widest level", std::to_string(all.widest()));
  fact("all work", timeText(all.totalUs));
  fact("critical path", timeText(all.criticalUs));
  fact("work / critical path", fixed(all.parallelism(), 2));
  fact("arena", all.sized ? bytesText(all.arenaBytes) : "known in the run");
  return list + "</dl>\n";
}

static std::string timelineText(const ExplainedGraph &all, bool traced) {
  if (all.measured)
    return "As measured.";
  if (traced)
    return "It did not run in the trace: how the workers would share the work if the estimates "
           "were right.";
  return "How the workers would share the work if the estimates were right; record a run with "
         "<code>heddle run --trace</code> to see it measured.";
}

/// The graph, the timeline, the memory and the costs of one graph.
static std::string graphSection(const ExplainedGraph &all, bool traced) {
  std::string page = "<h2>Task graph</h2><p>A row holds tasks that could run beside each other. " +
                     std::string(all.sequential ? "The graph is too small to pay for spreading it "
                                                  "over workers: it runs as a list."
                                                : "") +
                     "</p>";
  page += all.tasks.size() > mostDrawn
              ? "<p>Too large to draw: " + std::to_string(all.tasks.size()) + " tasks.</p>"
              : "<div class=\"scroll graph\">" + graphSvg(all) + "</div>";
  page += "\n<h2>Timeline</h2><p>" + timelineText(all, traced) + "</p>";
  page += all.spans.size() > mostDrawn
              ? "<p>Too long to draw: " + std::to_string(all.spans.size()) + " spans.</p>"
              : "<div class=\"scroll\">" + timelineSvg(all) + "</div>";
  page += "\n<h2>Memory</h2>";
  page += all.blocks.empty()
              ? std::string(all.sized ? "<p>No value lies in the arena.</p>"
                                      : "<p>Sizes are known only during the run.</p>")
              : "<p>Values in the arena: across, the tasks in the program's order; up, the place "
                "in the arena.</p><div class=\"scroll\">" +
                    memorySvg(all) + "</div>";
  return page + "\n<h2>Most expensive tasks</h2><div class=\"scroll\">" + costTable(all) +
         "</div>\n";
}

std::string htmlPage(const Explanation &all) {
  std::string sizes;
  for (const auto &[name, size] : all.sizes)
    sizes += " " + name + "=" + std::to_string(size);
  bool traced = all.main().measured;
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
                     escaped(all.model) + " - heddle explain</title><style>" + style +
                     "</style></head><body>\n<h1>" + escaped(all.model) + "</h1>\n<p>" +
                     (traced ? "Costs are measured" : "Costs are estimates") +
                     (sizes.empty() ? "" : ", for" + escaped(sizes)) +
                     ". Red is the critical path; point at anything to read more.</p>\n";
  page += constructsHtml(all) + factList(all.main()) + graphSection(all.main(), traced);
  for (size_t i = 1; i < all.graphs.size(); ++i)
    page += "<details open><summary>" + escaped(all.graphs[i].title) + "</summary>\n" +
            factList(all.graphs[i]) + graphSection(all.graphs[i], traced) + "</details>\n";
  return page + script + "</body></html>\n";
}

} // namespace heddle::cli
