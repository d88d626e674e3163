# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a task costs that does nothing, and what threads do that have no task."""

from pairwise import cores
from pairwise.report import Result, Target, at_most, number, table
from pairwise.workers import json_lines, output_of

TITLE = "Executor"
NEEDS_PEER = False
PROGRAMS = ("executor_benchmark", "peer_worker")


def measure(bench):
    command = [bench.program("executor_benchmark"), "--json", "10000", "20" if bench.quick else "100"]
    text, gained = bench.cores.beside("empty nodes", lambda: output_of(command, "executor_benchmark"))
    facts = json_lines(text)
    mark = lambda threads: cores.mark(threads, gained) if threads > 1 else threads  # noqa: E731
    idle = next(fact for fact in facts if "idle_run_us" in fact)
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
        row = [graph, mark(threads), sides["heddle"]["median_ns"], sides["heddle"]["min_ns"]]
        for side in others:
            row += [sides[side]["median_ns"], sides[side]["min_ns"], sides[side]["ratio"]]
        rows.append(row)
    idle["idle_later_us"] = max(0, idle["idle_later_us"])  # the difference of two clocks
    lines = ["ns for each of 10,000 empty nodes, in turns in one process.", "", *table(heads, rows),
             *cores.legend([gained]), "",
             "A run that ends in one task of 10 ms, after eight short ones side by side: threads without work took %s us "
             "of CPU time in the executor, %s us in the run and the 20 ms after it with oneTBB's waking and falling asleep, "
             "and %s us in the 20 ms after these." % tuple(
                 number(idle[key]) for key in ("idle_executor_us", "idle_run_us", "idle_later_us"))]
    targets = []
    for side in ("tbb::flow", "taskflow"):
        ratios = [{"name": "%s on %s" % (graph, mark(threads)), "ratio": sides[side]["ratio"]}
                  for (graph, threads), sides in by_graph.items() if side in sides]
        targets.append(at_most("at most half of %s's time an empty node" % side, 0.5, ratios, lambda row: row["ratio"],
                               lambda row: row["name"]))
    targets.append(Target("workers spin at most 50 us inside a run (10 us to leave)", "%s us of CPU time in the executor "
                          "without work" % number(idle["idle_executor_us"]), idle["idle_executor_us"] <= 60))
    targets.append(Target("and never between runs", "%s us of CPU time" % number(idle["idle_later_us"]),
                          idle["idle_later_us"] <= 1))
    return Result(lines, targets, facts)
