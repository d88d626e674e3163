# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention alone: its two products are what the rate counts, so softmax lowers it."""

import re

from pairwise.report import Result, percent, table
from pairwise.workers import Failed, json_lines, output_of

TITLE = "Attention"
NEEDS_PEER = False
PROGRAMS = ("kernel_benchmark",)


def measure(bench):
    lines = json_lines(output_of([bench.program("kernel_benchmark"), "--json", "--seconds",
                                  "0.1" if bench.quick else "0.5", "attention"], "kernel_benchmark"))
    rows = [{"shape": " x ".join(re.fullmatch(r"attention (\d+)x(\d+)x(\d+)x(\d+)", line["name"]).groups()),
             "us": 1e6 * line["sides"]["heddle"]["seconds"], "rate": line["sides"]["heddle"]["rate"],
             "peak": line["bounds"]["peak"]} for line in lines]
    if not rows:
        raise Failed("kernel_benchmark --json tells of no attention")
    text = ["One thread, the best of the run; GFLOP/s of the two products, beside the peak of the multiply-adds.", ""]
    text += table(["heads x queries x keys x size", "#us", "#GFLOP/s", "#peak", "#of peak"],
                  [[row["shape"], row["us"], row["rate"], row["peak"], percent(row["rate"] / row["peak"])] for row in rows])
    return Result(text, [], rows)
