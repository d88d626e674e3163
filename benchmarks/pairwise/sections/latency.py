# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A run of each model, beside ONNX Runtime's."""

import json

from pairwise import cores, turns
from pairwise.inputs import as_options
from pairwise.report import Result, Target, at_most, cell, geometric_mean, number, table
from pairwise.workers import Failed, output_of

TITLE = "Latency of the models"
NEEDS_PEER = True
PROGRAMS = ("heddle", "peer_worker")

# Families that are small: (name begins with, case begins with).
SMALL = [("silero", ""), ("dtln", ""), ("oww", ""), ("mnist", ""), ("stories260k", "decode"), ("light_shufflenet", "")]


def is_small(case):
    return any(case.model.name.startswith(model) and case.name.startswith(name) for model, name in SMALL)


def measure(bench):
    rows, errors = [], []
    for case in bench.cases():
        try:
            times = bench.pair(case)
        except Failed as failure:
            errors.append("%s: %s" % (case.title, failure))
            continue
        gained = bench.cores.gained(times)
        for threads in bench.threads:
            ours, theirs = times["heddle", threads], times["onnxruntime", threads]
            rows.append({"model": case.model.name, "case": case.name, "title": case.title, "threads": threads,
                         "small": is_small(case), "onnxruntime": theirs.json(), "heddle": ours.json(),
                         "ratio": turns.ratio(ours, theirs), "ratio_min": ours.least / theirs.least,
                         "loop": gained, "source": case})
    lines = ["Times in ms; ratio is Heddle / ONNX Runtime, the median of the rounds' ratios; below 1 Heddle is faster.", ""]
    lines += table(["model", "case", "#threads", "#ONNX Runtime median", "#min", "#Heddle median", "#min", "#ratio",
                    "#of minima"],
                   [[row["model"], row["case"], _threads(row), row["onnxruntime"]["median_ms"],
                     row["onnxruntime"]["min_ms"], row["heddle"]["median_ms"], row["heddle"]["min_ms"], row["ratio"],
                     row["ratio_min"]] for row in rows])
    lines += cores.legend(row["loop"] for row in rows)
    targets = [_means(bench, rows), _limit("every model at most 1.0x", 1.0, rows),
               _limit("small models at most 0.5x", 0.5, [row for row in rows if row["small"]])]
    slow = [row for row in rows if row["ratio"] > 1.005 or row["small"] and row["ratio"] > 0.505]
    lines += _profiles(bench, slow)
    data = [{key: value for key, value in row.items() if key != "source"} for row in rows]
    return Result(lines, targets, data, errors)


def _threads(row):
    return cores.mark(row["threads"], row["loop"]) if row["threads"] > 1 else row["threads"]


def _means(bench, rows):
    means = [(threads, geometric_mean([row["ratio"] for row in rows if row["threads"] == threads]))
             for threads in bench.threads if any(row["threads"] == threads for row in rows)]
    text = "; ".join("%s on %d thread%s" % (number(mean), threads, "" if threads == 1 else "s") for threads, mean in means)
    return Target("geometric mean at most 0.7x", text, all(mean <= 0.7 for _, mean in means) if means else None)


def _limit(what, limit, rows):
    return at_most(what, limit, rows, lambda row: row["ratio"], lambda row: "%s on %s" % (row["title"], _threads(row)))


def _profiles(bench, rows):
    """Where the time goes of what misses a target: on one thread, once for each case."""
    lines, seen = [], set()
    for row in rows:
        case = row["source"]
        if case.title in seen:
            continue
        seen.add(case.title)
        try:
            text = output_of([bench.program("heddle"), "bench", bench.artifact(case.model)[0], "--profile", "--json",
                              "--threads", "1", "--min-time", "0.2", *as_options(case.inputs)], "profile")
            profile = json.loads(text)["profile"]
        except (Failed, KeyError, ValueError) as failure:
            lines += ["", "%s: no profile: %s" % (case.title, cell(failure))]
            continue
        if not lines:
            lines = ["", "Profiles of what misses a target, on one thread: the tasks that take the most time.", "",
                     *table(["case", "task", "#us", "#share", "#GFLOP/s", "#GB/s"], [])]
        tasks = profile["tasks"]
        for task in tasks[:4]:
            share = "%.0f %%" % (100 * task["us"] / profile["total_us"])
            values = [case.title, ("%s %s" % (task["op"], task["name"]))[:60], float(task["us"]), share,
                      task.get("gflops"), task.get("gb_per_s")]
            lines.append("| " + " | ".join(cell(value) for value in values) + " |")
    return lines
