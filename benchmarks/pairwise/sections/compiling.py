# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long compiling takes, with nothing in a cache and with what the first time left there."""

import os

from pairwise.report import Result, at_most, table
from pairwise.workers import Failed

TITLE = "Compile time"
NEEDS_PEER = False
PROGRAMS = ("heddle",)

LARGE_NODES = 1000


def measure(bench):
    rows, errors = [], []
    for model in bench.models:
        try:
            cold = bench.artifact(model)[1]
        except Failed as failure:
            errors.append("%s: %s" % (model.name, failure))
            continue
        rows.append({"model": model.name, "nodes": model.nodes, "cold": cold,
                     "warm": None if bench.quick else bench.compile_again(model)})
    lines = ["Seconds of `heddle compile` on %d cores: with an empty cache of kernels, and with what that left there." % (
        os.cpu_count() or 1), ""]
    lines += table(["model", "#nodes", "#empty", "#again"],
                   [[row["model"], row["nodes"], row["cold"], row["warm"]] for row in rows])
    name = lambda row: row["model"]  # noqa: E731
    small = [row for row in rows if row["nodes"] < LARGE_NODES]
    targets = [at_most("at most 5 s below 1,000 nodes", 5, small, lambda row: row["cold"], name),
               at_most("at most 15 s for the largest", 15, rows, lambda row: row["cold"], name)]
    return Result(lines, targets, rows, errors)
