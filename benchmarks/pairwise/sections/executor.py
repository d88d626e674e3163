# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a task costs that does nothing, and what threads do that have no task."""

from pairwise.report import Result, Target, at_most, number, table
from pairwise.workers import json_lines, output_of

TITLE = "Executor"
NEEDS_PEER = False


def measure(bench):
    facts = json_lines(output_of([bench.program("executor_benchmark"), "--json", "10000", "20" if bench.quick else "100"],
                                 "executor_benchmark"))
    idle = next(fact for fact in facts if "idle_in_run_us" in fact)
    by_graph = {}
    for fact in facts:
        if "side" in fact:
            by_graph.setdefault((fact["graph"], fact["threads"]), {})[fact["side"]] = fact
    others = [side for side in ("tbb::flow", "taskflow") if any(side in sides for sides in by_graph.values())]
    if "taskflow" not in others:
        bench.say("  SKIPPED: Taskflow: give a checkout of it with --taskflow FOLDER")
    heads = ["graph", "#threads", "#Heddle median", "#min"]
    for side in others:
        heads += ["#%s median" % side, "#min", "#ratio"]
    rows = []
    for (graph, threads), sides in by_graph.items():
        row = [graph, threads, sides["heddle"]["median_ns"], sides["heddle"]["min_ns"]]
        for side in others:
            row += [sides[side]["median_ns"], sides[side]["min_ns"], sides[side]["ratio"]]
        rows.append(row)
    lines = ["ns for each of 10,000 empty nodes, in turns in one process.", "", *table(heads, rows), "",
             "A run that ends in one task of 10 ms, after eight short ones side by side: threads without work took %s us "
             "of CPU time in it, and %s us in the 20 ms after it." % (number(idle["idle_in_run_us"]),
                                                                      number(idle["idle_between_runs_us"]))]
    targets = []
    for side in ("tbb::flow", "taskflow"):
        ratios = [{"name": "%s on %d" % key, "ratio": sides[side]["ratio"]} for key, sides in by_graph.items()
                  if side in sides]
        targets.append(at_most("at most half of %s's time an empty node" % side, 0.5, ratios, lambda row: row["ratio"],
                               lambda row: row["name"]))
    spins = idle["idle_in_run_us"]
    targets.append(Target("workers spin at most 50 us inside a run", "%s us of CPU time" % number(spins), spins <= 50))
    between = idle["idle_between_runs_us"]
    targets.append(Target("and never between runs (10 us to fall asleep)", "%s us of CPU time" % number(between),
                          between <= 10))
    return Result(lines, targets, facts)
