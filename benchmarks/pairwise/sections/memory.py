# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Resident memory of new processes, arenas beside their lower bound, weights that are shared."""

import json
import mmap

from pairwise.inputs import as_options
from pairwise.report import Result, at_most, table
from pairwise.workers import Failed, mapped, output_of

TITLE = "Memory"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")


def arena_of(bench, case):
    """Bytes and lower bound of the arena with the worst ratio: the main graph's or a sub-graph's."""
    text = output_of([bench.program("heddle"), "explain", "--json", bench.artifact(case.model)[0],
                      *as_options(case.inputs)], "explain")
    explained = json.loads(text)
    graphs = [(graph.get("arena_bytes"), graph.get("arena_lower_bound_bytes"))
              for graph in [explained, *explained["sub_graphs"]]]
    known = [(size, bound) for size, bound in graphs if size and bound]
    return max(known, key=lambda pair: pair[0] / pair[1]) if known else (0, 0)


def shared(bench, case):
    """MB of an artifact that any of two processes has mapped, and MB that both take for it."""
    artifact = bench.artifact(case.model)[0]
    with bench.worker("heddle", artifact, 1, case.inputs) as first, \
            bench.worker("heddle", artifact, 1, case.inputs) as second:
        first.run(0)
        second.run(0)
        (pages, share), (more, other) = [mapped(worker.process.pid, artifact) for worker in (first, second)]
    return len(pages | more) * mmap.PAGESIZE / 2**20, share + other


def measure(bench):
    rows, errors = [], []
    for case in bench.cases():
        try:
            facts = bench.fresh(case)
            row = {"title": case.title, "arena": arena_of(bench, case), "shared": shared(bench, case)}
        except Failed as failure:
            errors.append("%s: %s" % (case.title, failure))
            continue
        for side, runs in facts.items():
            row[side] = min(run["peak_mb"] for run in runs)
        row["ratio"] = row["heddle"] / row["onnxruntime"]
        row["over"] = row["arena"][0] / row["arena"][1] if row["arena"][1] else 1
        row["doubled"] = row["shared"][1] / row["shared"][0] if row["shared"][0] else 1
        rows.append(row)
        bench.say("  %s: %.1f MB against %.1f, arena %.2f of its bound" % (
            case.title, row["heddle"], row["onnxruntime"], row["over"]))
    lines = ["Peak resident MB of a process that loads and runs twice, with what both sides need to be started and "
             "given inputs (the least of some processes); the arena beside the most bytes that some legal order has "
             "alive at once; the artifact's pages that any of two processes at once has mapped, and what both take "
             "for them.", ""]
    lines += table(["case", "#ONNX Runtime MB", "#Heddle MB", "#ratio", "#arena KiB", "#bound KiB", "#arena / bound",
                    "#artifact MB", "#of two processes"],
                   [[row["title"], row["onnxruntime"], row["heddle"], row["ratio"], row["arena"][0] / 1024,
                     row["arena"][1] / 1024, row["over"], row["shared"][0], row["shared"][1]] for row in rows])
    name = lambda row: row["title"]  # noqa: E731
    targets = [at_most("peak resident memory at most ONNX Runtime's", 1.0, rows, lambda row: row["ratio"], name),
               at_most("arena within 10 % of its lower bound", 1.1, rows, lambda row: row["over"], name),
               at_most("weights mapped once by two processes (memory of both / its pages)", 1.05, rows,
                       lambda row: row["doubled"], name)]
    return Result(lines, targets, rows, errors)
