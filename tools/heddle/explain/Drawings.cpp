// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The drawings of the page. Colours come from classes and from the hue of the operator, so that the
// page's style decides how they look on light and on dark.

#include "tools/heddle/explain/Layout.h"
#include "tools/heddle/explain/Page.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace heddle::cli {

namespace {

std::string text(const char *format, ...) {
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

std::string openSvg(double width, double height, const char *what) {
  return text("<svg role=\"img\" aria-label=\"%s\" width=\"%.0f\" height=\"%.0f\" "
              "viewBox=\"0 0 %.0f %.0f\">\n",
              what, width, height, width, height);
}

std::string tooltip(const ExplainedGraph &all, uint32_t index) {
  const ExplainedTask &task = all.tasks[index];
  std::string points =
      task.points < 0 ? "as many points as the run finds" : std::to_string(task.points) + " points";
  std::string tip = "task " + std::to_string(index) + ": " + task.op + "\n" + task.name + "\n" +
                    task.runs + ", " + points + "\nestimated " + timeText(task.estimatedUs);
  if (task.measuredUs >= 0)
    tip += ", measured " + timeText(task.measuredUs);
  tip += "\nlevel " + std::to_string(task.level) + ", beside " + std::to_string(task.beside) +
         " others" + (task.critical ? ", on the critical path" : "") + "\nits work: " + task.split;
  if (!task.alone.empty())
    tip += "\n" + task.alone;
  return "<title>" + escaped(tip) + "</title>";
}

/// At most so many characters, as fit into a box.
std::string shortened(const std::string &text, size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 1) + "\xe2\x80\xa6";
}

/// A round number of units so that about six of them fill the range.
double stepFor(double range) {
  double step = std::pow(10, std::floor(std::log10(std::max(range, 1e-9) / 6)));
  for (double factor : {1.0, 2.0, 5.0, 10.0})
    if (range / (step * factor) <= 8)
      return step * factor;
  return step * 10;
}

} // namespace

std::string graphSvg(const ExplainedGraph &all) {
  constexpr double boxWidth = 132, boxHeight = 34, across = 148, down = 66, margin = 14;
  Layout layout = layOut(all);
  auto x = [&](uint32_t task) { return margin + layout.column[task] * across; };
  auto y = [&](uint32_t task) { return margin + layout.row[task] * down; };
  std::string edges, boxes;
  for (uint32_t i = 0; i < all.tasks.size(); ++i) {
    const ExplainedTask &task = all.tasks[i];
    for (uint32_t next : task.successors) {
      double x1 = x(i) + boxWidth / 2, y1 = y(i) + boxHeight, x2 = x(next) + boxWidth / 2,
             y2 = y(next), bend = std::min(30.0, (y2 - y1) / 2);
      edges += text("<path class=\"edge%s\" d=\"M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f\"/>\n",
                    task.critical && all.tasks[next].critical ? " hot" : "", x1, y1, x1, y1 + bend,
                    x2, y2 - bend, x2, y2);
    }
    double share = all.totalUs > 0 ? task.us() / all.totalUs : 0;
    boxes += text("<g class=\"task%s\" style=\"--hue:%d\" transform=\"translate(%.0f %.0f)\">",
                  task.critical ? " hot" : "", hueOf(task.op), x(i), y(i)) +
             tooltip(all, i) +
             text("<rect class=\"box\" width=\"%.0f\" height=\"%.0f\" rx=\"5\"/>"
                  "<rect class=\"share\" x=\"4\" y=\"29\" width=\"%.1f\" height=\"2\"/>",
                  boxWidth, boxHeight, std::max(0.5, std::min(1.0, share * 4) * (boxWidth - 8))) +
             "<text x=\"7\" y=\"14\">" + escaped(shortened(task.op, 17)) +
             "</text><text class=\"small\" x=\"7\" y=\"25\">#" + std::to_string(i) + " " +
             timeText(task.us()) + "</text></g>\n";
  }
  return openSvg(std::max(1.0, layout.columns) * across + 2 * margin,
                 static_cast<double>(all.levels.size()) * down + 2 * margin, "task graph") +
         edges + boxes + "</svg>\n";
}

std::string timelineSvg(const ExplainedGraph &all) {
  constexpr double width = 1180, left = 70, rowHeight = 26, top = 24;
  double end = 0;
  for (const TraceSpan &span : all.spans)
    end = std::max(end, span.endUs);
  double scale = (width - left - 20) / std::max(end, 1e-9);
  double height = top + all.workers * rowHeight + 8;
  std::string svg = openSvg(width, height, "timeline");
  for (double at = 0; end > 0 && at <= end; at += stepFor(end))
    svg += text("<line class=\"grid\" x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\"/>"
                "<text class=\"small\" x=\"%.1f\" y=\"12\">",
                left + at * scale, top - 6, left + at * scale, height, left + at * scale) +
           timeText(at) + "</text>\n";
  for (int worker = 0; worker < all.workers; ++worker)
    svg += text("<text class=\"small\" x=\"4\" y=\"%.0f\">worker %d</text>\n",
                top + worker * rowHeight + 15, worker);
  for (const TraceSpan &span : all.spans) {
    double w = std::max(0.4, (span.endUs - span.beginUs) * scale);
    const ExplainedTask &task = all.tasks[span.task];
    svg += text("<g class=\"task%s\" style=\"--hue:%d\" transform=\"translate(%.1f %.0f)\">",
                task.critical && w > 8 ? " hot" : "", hueOf(task.op), left + span.beginUs * scale,
                top + span.worker * rowHeight) +
           tooltip(all, span.task) + text("<rect class=\"box\" width=\"%.1f\" height=\"20\"/>", w);
    if (w > 40)
      svg += "<text class=\"small\" x=\"3\" y=\"13\">" +
             escaped(shortened(task.op, static_cast<size_t>(w / 6.5))) + "</text>";
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

std::string memorySvg(const ExplainedGraph &all) {
  constexpr double width = 1180, height = 360, left = 70, bottom = 22;
  double columns = std::max<double>(1, static_cast<double>(all.tasks.size()));
  double xScale = (width - left - 20) / columns;
  double yScale = (height - bottom - 10) / std::max<double>(1, static_cast<double>(all.arenaBytes));
  std::string svg = openSvg(width, height, "arena over the program's order");
  for (int quarter = 0; quarter <= 4; ++quarter) {
    auto bytes = static_cast<double>(all.arenaBytes) * quarter / 4;
    double y = height - bottom - bytes * yScale;
    svg += text("<line class=\"grid\" x1=\"%.0f\" y1=\"%.1f\" x2=\"%.0f\" y2=\"%.1f\"/>"
                "<text class=\"small\" x=\"4\" y=\"%.1f\">",
                left, y, width - 20, y, y + 4) +
           bytesText(static_cast<int64_t>(bytes)) + "</text>\n";
  }
  for (const ArenaBlock &block : all.blocks) {
    const std::string &op = all.tasks.empty() ? "" : all.tasks[block.firstTask].op;
    std::string tip = block.name + "\n" + bytesText(block.bytes) + " at offset " +
                      std::to_string(block.offset) + "\nlive from task " +
                      std::to_string(block.firstTask) + " to task " +
                      std::to_string(block.lastTask);
    svg += text("<g class=\"task\" style=\"--hue:%d\"><title>", hueOf(op)) + escaped(tip) +
           text("</title><rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"/></g>\n",
                left + block.firstTask * xScale,
                height - bottom - static_cast<double>(block.offset + block.bytes) * yScale,
                std::max(0.5, (block.lastTask - block.firstTask + 1) * xScale),
                std::max(0.5, static_cast<double>(block.bytes) * yScale));
  }
  for (double at = 0; at <= columns; at += std::max(1.0, stepFor(columns)))
    svg += text("<text class=\"small\" x=\"%.1f\" y=\"%.0f\">%.0f</text>", left + at * xScale,
                height - 6, at);
  return svg + "</svg>\n";
}

} // namespace heddle::cli
