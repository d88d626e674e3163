// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An explanation for other programs: Graphviz and JSON.

#include "tools/heddle/explain/Page.h"

#include <cstdio>

namespace heddle::cli {

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

static std::string dotNodes(const ExplainedGraph &graph, const std::string &prefix) {
  std::string dot;
  for (uint32_t i = 0; i < graph.tasks.size(); ++i) {
    const ExplainedTask &task = graph.tasks[i];
    char hue[16];
    std::snprintf(hue, sizeof hue, "%.3f", hueOf(task.op) / 360.0);
    std::string label = task.op + "\n#" + std::to_string(i) + " " + timeText(task.us());
    dot += "  " + prefix + std::to_string(i) + " [label=" + dotString(label) +
           ", tooltip=" + dotString(task.name) + ", fillcolor=\"" + hue + " 0.2 0.95\"" +
           (task.critical ? ", color=red, penwidth=2" : "") + "];\n";
    for (uint32_t next : task.successors)
      dot += "  " + prefix + std::to_string(i) + " -> " + prefix + std::to_string(next) +
             (task.critical && graph.tasks[next].critical ? " [color=red, penwidth=2]" : "") +
             ";\n";
  }
  return dot;
}

std::string dotText(const Explanation &all) {
  std::string dot =
      "digraph heddle {\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n";
  auto prefix = [](size_t i) { return i ? "g" + std::to_string(i) + "_t" : std::string("t"); };
  for (size_t i = 0; i < all.graphs.size(); ++i) {
    const ExplainedGraph &graph = all.graphs[i];
    std::string nodes = dotNodes(graph, prefix(i));
    dot += i ? "  subgraph cluster_" + std::to_string(i) + " {\n  label=" + dotString(graph.title) +
                   ";\n" + nodes + "  }\n"
             : nodes;
    for (uint32_t t = 0; t < graph.tasks.size(); ++t)
      for (size_t inside : graph.tasks[t].inside)
        if (!all.graphs[inside].tasks.empty())
          dot += "  " + prefix(i) + std::to_string(t) + " -> " + prefix(inside) +
                 "0 [style=dashed];\n";
  }
  return dot + "}\n";
}

static nlohmann::ordered_json graphJson(const ExplainedGraph &graph) {
  nlohmann::ordered_json json;
  auto optional = [](bool has, double value) {
    return has ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  json["name"] = graph.title;
  json["runs_as_list"] = graph.sequential;
  json["measured"] = graph.measured;
  json["total_us"] = graph.totalUs;
  json["critical_path_us"] = graph.criticalUs;
  json["parallelism"] = graph.parallelism();
  json["widest_level"] = graph.widest();
  json["critical_path"] = graph.criticalPath;
  json["levels"] = graph.levels;
  json["tasks"] = nlohmann::ordered_json::array();
  for (const ExplainedTask &task : graph.tasks)
    json["tasks"].push_back({{"name", task.name},
                             {"op", task.op},
                             {"runs", task.runs},
                             {"graphs", task.inside},
                             {"points", task.points},
                             {"estimated_us", task.estimatedUs},
                             {"measured_us", optional(task.measuredUs >= 0, task.measuredUs)},
                             {"level", task.level},
                             {"beside", task.beside},
                             {"beside_by_data", task.besideData},
                             {"split", task.split},
                             {"alone", task.alone},
                             {"critical", task.critical},
                             {"successors", task.successors}});
  json["arena_bytes"] = graph.sized ? nlohmann::ordered_json(graph.arenaBytes) : nullptr;
  json["arena_lower_bound_bytes"] =
      graph.arenaLowerBound >= 0 ? nlohmann::ordered_json(graph.arenaLowerBound) : nullptr;
  json["arena"] = nlohmann::ordered_json::array();
  for (const ArenaBlock &block : graph.blocks)
    json["arena"].push_back({{"name", block.name},
                             {"offset", block.offset},
                             {"bytes", block.bytes},
                             {"first_task", block.firstTask},
                             {"last_task", block.lastTask}});
  return json;
}

static nlohmann::ordered_json constructJson(const ExplainedConstruct &construct) {
  // A number where the sizes are known, else the expression.
  auto size = [](int64_t number, const std::string &text) {
    return number >= 0    ? nlohmann::ordered_json(number)
           : text.empty() ? nlohmann::ordered_json(nullptr)
                          : nlohmann::ordered_json(text);
  };
  nlohmann::ordered_json json = {{"kind", construct.kind},
                                 {"summary", construct.summary},
                                 {"sources", construct.sources},
                                 {"proof", construct.proof},
                                 {"equivalence", construct.equivalence},
                                 {"form", construct.form},
                                 {"work", size(construct.work, construct.workText)},
                                 {"span", size(construct.span, construct.spanText)},
                                 {"work_formula", construct.workText},
                                 {"span_formula", construct.spanText},
                                 {"parallelism", nullptr},
                                 {"speedup", nullptr},
                                 {"measured_us", nullptr}};
  if (construct.hasNumbers()) {
    json["parallelism"] = construct.parallelism();
    json["speedup"] = nlohmann::ordered_json::object();
    for (int cores : predictedCores)
      json["speedup"][std::to_string(cores)] = construct.speedup(cores);
  }
  if (construct.measuredUs >= 0)
    json["measured_us"] = construct.measuredUs;
  return json;
}

nlohmann::ordered_json explanationJson(const Explanation &all) {
  nlohmann::ordered_json json;
  json["model"] = all.model;
  json["target_cpu"] = all.targetCpu;
  json["target_cpus"] = all.targetCpus;
  json["sizes"] = all.sizes;
  json["constructs"] = nlohmann::ordered_json::array();
  for (const ExplainedConstruct &construct : all.constructs)
    json["constructs"].push_back(constructJson(construct));
  json["sequential"] = nlohmann::ordered_json::array();
  for (const LeftSequential &left : all.sequential)
    json["sequential"].push_back({{"sources", left.sources}, {"reason", left.reason}});
  json.update(graphJson(all.main()));
  // Numbered as the tasks' "graphs" count them: the main one, which is above, is 0.
  json["sub_graphs"] = nlohmann::ordered_json::array();
  for (size_t i = 1; i < all.graphs.size(); ++i) {
    json["sub_graphs"].push_back({{"graph", i}});
    json["sub_graphs"].back().update(graphJson(all.graphs[i]));
  }
  return json;
}

} // namespace heddle::cli
