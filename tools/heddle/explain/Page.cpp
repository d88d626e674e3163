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
th:nth-child(2), td:nth-child(2), th:nth-child(3), td:nth-child(3) { text-align: left; }
td.hot { color: var(--hot); }
)css";

// The graph opens at the critical path's beginning, wherever that is drawn.
static const char *const script = R"js(<script>
const graph = document.getElementById("graph"), first = graph?.querySelector(".task.hot");
if (first) {
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

static std::string costTable(const Explanation &all) {
  std::vector<uint32_t> order = all.byCost();
  order.resize(std::min<size_t>(order.size(), 40));
  std::string rows = "<table><tr><th>task</th><th>operator</th><th>runs</th><th>points</th>"
                     "<th>estimated</th><th>measured</th><th>share</th><th>beside</th></tr>\n";
  for (uint32_t i : order) {
    const ExplainedTask &task = all.tasks[i];
    rows += std::string("<tr><td") + (task.critical ? " class=\"hot\"" : "") + ">" +
            std::to_string(i) + "</td><td>" + escaped(task.op) + "</td><td>" +
            escaped(task.runs.substr(0, 60)) + "</td><td>" +
            (task.points < 0 ? "?" : std::to_string(task.points)) + "</td><td>" +
            timeText(task.estimatedUs) + "</td><td>" +
            (task.measuredUs < 0 ? "" : timeText(task.measuredUs)) + "</td><td>" +
            fixed(all.totalUs > 0 ? 100 * task.us() / all.totalUs : 0, 1) + " %</td><td>" +
            std::to_string(task.beside) + "</td></tr>\n";
  }
  return rows + "</table>\n";
}

std::string htmlPage(const Explanation &all) {
  std::string sizes;
  for (const auto &[name, size] : all.sizes)
    sizes += " " + name + "=" + std::to_string(size);
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
                     escaped(all.model) + " - heddle explain</title><style>" + style +
                     "</style></head><body>\n<h1>" + escaped(all.model) + "</h1>\n<p>" +
                     (all.measured ? "Costs are measured" : "Costs are estimates") +
                     (sizes.empty() ? "" : ", for" + escaped(sizes)) + ". " +
                     (all.sequential ? "The graph is too small to pay for spreading it over "
                                       "workers: it runs as a list. "
                                     : "") +
                     "Red is the critical path; point at anything to read more.</p>\n<dl>";
  auto fact = [&](const char *name, const std::string &value) {
    page += std::string("<div><dt>") + name + "</dt><dd>" + value + "</dd></div>";
  };
  fact("tasks", std::to_string(all.tasks.size()));
  fact("levels", std::to_string(all.levels.size()));
  fact("widest level", std::to_string(all.widest()));
  fact("all work", timeText(all.totalUs));
  fact("critical path", timeText(all.criticalUs));
  fact("work / critical path", fixed(all.parallelism(), 2));
  fact("arena", bytesText(all.arenaBytes));
  page += "</dl>\n<h2>Task graph</h2><p>A row holds tasks that could run beside each other.</p>";
  page += all.tasks.size() > mostDrawn
              ? "<p>Too large to draw: " + std::to_string(all.tasks.size()) + " tasks.</p>"
              : "<div class=\"scroll\" id=\"graph\">" + graphSvg(all) + "</div>";
  page += std::string("\n<h2>Timeline</h2><p>") +
          (all.measured ? "As measured."
                        : "How the workers would share the work if the estimates were right; "
                          "record a run with <code>heddle run --trace</code> to see it measured.") +
          "</p><div class=\"scroll\">" + timelineSvg(all) + "</div>\n" +
          "<h2>Memory</h2><p>Values in the arena: across, the tasks in the program's order; up, "
          "the place in the arena.</p><div class=\"scroll\">" +
          memorySvg(all) + "</div>\n<h2>Most expensive tasks</h2><div class=\"scroll\">" +
          costTable(all) + "</div>\n" + script + "</body></html>\n";
  return page;
}

/// A string of the dot language.
static std::string dotString(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\')
      result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "\"";
}

std::string dotText(const Explanation &all) {
  std::string dot =
      "digraph heddle {\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n";
  for (uint32_t i = 0; i < all.tasks.size(); ++i) {
    const ExplainedTask &task = all.tasks[i];
    std::string label = task.op + "\n#" + std::to_string(i) + " " + timeText(task.us());
    dot += "  t" + std::to_string(i) + " [label=" + dotString(label) +
           ", tooltip=" + dotString(task.name) + ", fillcolor=\"" +
           fixed(hueOf(task.op) / 360.0, 3) + " 0.2 0.95\"" +
           (task.critical ? ", color=red, penwidth=2" : "") + "];\n";
    for (uint32_t next : task.successors)
      dot += "  t" + std::to_string(i) + " -> t" + std::to_string(next) +
             (task.critical && all.tasks[next].critical ? " [color=red, penwidth=2]" : "") + ";\n";
  }
  return dot + "}\n";
}

nlohmann::ordered_json explanationJson(const Explanation &all) {
  nlohmann::ordered_json json;
  auto optional = [](bool has, double value) {
    return has ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  json["model"] = all.model;
  json["sizes"] = all.sizes;
  json["sequential"] = all.sequential;
  json["measured"] = all.measured;
  json["total_us"] = all.totalUs;
  json["critical_path_us"] = all.criticalUs;
  json["parallelism"] = all.parallelism();
  json["widest_level"] = all.widest();
  json["critical_path"] = all.criticalPath;
  json["levels"] = all.levels;
  json["tasks"] = nlohmann::ordered_json::array();
  for (const ExplainedTask &task : all.tasks)
    json["tasks"].push_back({{"name", task.name},
                             {"op", task.op},
                             {"runs", task.runs},
                             {"points", task.points},
                             {"estimated_us", task.estimatedUs},
                             {"measured_us", optional(task.measuredUs >= 0, task.measuredUs)},
                             {"level", task.level},
                             {"beside", task.beside},
                             {"critical", task.critical},
                             {"successors", task.successors}});
  json["arena_bytes"] = all.arenaBytes;
  json["arena"] = nlohmann::ordered_json::array();
  for (const ArenaBlock &block : all.blocks)
    json["arena"].push_back({{"name", block.name},
                             {"offset", block.offset},
                             {"bytes", block.bytes},
                             {"first_task", block.firstTask},
                             {"last_task", block.lastTask}});
  return json;
}

} // namespace heddle::cli
