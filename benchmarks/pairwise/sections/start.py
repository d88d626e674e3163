# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a file to the first result, in new processes."""

from pairwise.report import Result, at_most, geometric_mean, number, table
from pairwise.sections.latency import is_small
from pairwise.workers import Failed

TITLE = "Start"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")


def measure(bench):
    rows, errors = [], []
    for case in bench.cases():
        try:
            facts = bench.fresh(case)
        except Failed as failure:
            errors.append("%s: %s" % (case.title, failure))
            continue
        row = {"title": case.title, "small": is_small(case)}
        for side, runs in facts.items():
            row[side] = {"load": min(run["load_ms"] for run in runs), "first": min(run["first_ms"] for run in runs),
                         "both": min(run["load_ms"] + run["first_ms"] for run in runs)}
        row["load"] = row["heddle"]["load"] / row["onnxruntime"]["load"]
        row["both"] = row["heddle"]["both"] / row["onnxruntime"]["both"]
        rows.append(row)
        bench.say("  %s: load %.2f ms against %.2f, with the first run %.2f against %.2f" % (
            case.title, row["heddle"]["load"], row["onnxruntime"]["load"], row["heddle"]["both"],
            row["onnxruntime"]["both"]))
    lines = ["Times in ms, the least of some new processes in turns: making a session (loading the model, making what "
             "runs it; a library is opened before), and its first run. The files are in the page cache.", ""]
    lines += table(["case", "#ONNX Runtime session", "#first run", "#Heddle load", "#first run", "#load ratio",
                    "#both ratio"],
                   [[row["title"], row["onnxruntime"]["load"], row["onnxruntime"]["first"], row["heddle"]["load"],
                     row["heddle"]["first"], row["load"], row["both"]] for row in rows])
    if rows:
        loads = [row["heddle"]["load"] for row in rows]
        lines += ["", "Loading takes %s to %s ms; geometric means of the ratios %s (load) and %s (with the first run)." % (
            number(min(loads)), number(max(loads)), number(geometric_mean([row["load"] for row in rows])),
            number(geometric_mean([row["both"] for row in rows])))]
    name = lambda row: row["title"]  # noqa: E731
    targets = [at_most("loading at most a third of session creation", 1 / 3, rows, lambda row: row["load"], name, 4),
               at_most("load and first run at most session creation and first run", 1.0, rows,
                       lambda row: row["both"], name),
               at_most("the same, at most half on small models", 0.5, [row for row in rows if row["small"]],
                       lambda row: row["both"], name)]
    return Result(lines, targets, rows, errors)
