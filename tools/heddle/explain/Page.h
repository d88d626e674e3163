// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An explanation in forms for people and programs: one self-contained HTML page, Graphviz, JSON.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_PAGE_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_PAGE_H

#include "tools/heddle/explain/Explanation.h"

#include <nlohmann/json.hpp>

namespace heddle::cli {

/// The graph, the timeline and the memory map, as inline SVG; loads nothing from elsewhere.
std::string htmlPage(const Explanation &explanation);

/// The task graph for Graphviz' dot.
std::string dotText(const Explanation &explanation);

nlohmann::ordered_json explanationJson(const Explanation &explanation);

/// What was found and what was left, as lines of text and as a part of the page.
std::string constructsText(const Explanation &explanation);
std::string constructsHtml(const Explanation &explanation);

/// "1.25 ms", "830 us".
std::string timeText(double us);
/// "1.5 MiB".
std::string bytesText(int64_t bytes);

/// The parts of the page, each an SVG element.
std::string graphSvg(const ExplainedGraph &graph);
std::string timelineSvg(const ExplainedGraph &graph);
std::string memorySvg(const ExplainedGraph &graph);

/// The text with markup's own characters replaced.
std::string escaped(const std::string &text);
/// A number from 0 to 359 for an operator, the same everywhere.
int hueOf(const std::string &op);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_PAGE_H
