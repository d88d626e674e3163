# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long compiling takes, with nothing in a cache and with what the first time left there."""

import os
import shutil

from pairwise.report import Result, at_most, table
from pairwise.workers import Failed

TITLE = "Compile time"
NEEDS_PEER = False

LARGE_NODES = 1000


def measure(bench):
    rows, errors = [], []
    for model in bench.models:
        try:
            cold = bench.artifact(model)[1]
        except Failed as failure:
            errors.append("%s: %s" % (model.name, failure))
            continue
        row = {"model": model.name, "nodes": model.nodes, "cold": cold, "warm": None}
        if not bench.quick:
            row["warm"] = again(bench, model)
        rows.append(row)
    lines = ["Seconds of `heddle compile` on %d cores: with an empty cache, and again." % (os.cpu_count() or 1), ""]
    lines += table(["model", "#nodes", "#cold", "#again"],
                   [[row["model"], row["nodes"], row["cold"], row["warm"]] for row in rows])
    name = lambda row: row["model"]  # noqa: E731
    small = [row for row in rows if row["nodes"] < LARGE_NODES]
    targets = [at_most("at most 5 s below 1,000 nodes", 5, small, lambda row: row["cold"], name),
               at_most("at most 15 s for the largest", 15, rows, lambda row: row["cold"], name)]
    return Result(lines, targets, rows, errors)


def again(bench, model):
    """Seconds with the cache that a compilation before left."""
    cache, artifact = os.path.join(bench.output, "warm"), os.path.join(bench.output, "again.heddle")
    try:
        bench.compile(model.path, artifact, cache=cache)
        return bench.compile(model.path, artifact, cache=cache)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        if os.path.exists(artifact):
            os.remove(artifact)
