# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ten sessions of a model at once, in turns with one that does so alone."""

import json

from pairwise import cores
from pairwise.report import Result, at_least, at_most, table
from pairwise.workers import Failed, output_of

TITLE = "Ten sessions at once"
NEEDS_PEER = False
PROGRAMS = ("heddle", "sessions", "peer_worker")


def measure(bench):
    rows, errors = [], []
    threads = max(bench.threads)
    for case in [model.cases[0] for model in bench.models][:6 if bench.quick else None]:
        try:
            seconds, rounds = ("0.2", "2") if bench.quick else ("0.5", "3")
            command = [bench.program("sessions"), bench.artifact(case.model)[0], "--json", "--threads", str(threads),
                       "--seconds", seconds, "--rounds", rounds, *case.inputs]
            text, gained = bench.cores.beside(case.title, lambda: output_of(command, "sessions"))  # noqa: B023
        except Failed as failure:
            errors.append("%s: %s" % (case.title, failure))
            continue
        row = dict(json.loads(text), title=cores.mark(case.title, gained), loop=gained)
        row["throughput"] = row["together_per_s"] / row["alone_per_s"]
        row["p99"] = row["p99_ms"] / row["fair_share_ms"]
        rows.append(row)
        bench.say("  %s: throughput %.2f, p99 %.2f of the fair share" % (case.title, row["throughput"], row["p99"]))
    lines = ["Ten sessions of %d threads each, run again and again from ten threads. The fair share of a session is ten "
             "times the mean of one that has the machine for itself." % threads, ""]
    lines += table(["case", "#runs/s alone", "#runs/s of ten", "#ratio", "#median ms", "#p99 ms", "#p99 / fair share"],
                   [[row["title"], row["alone_per_s"], row["together_per_s"], row["throughput"], row["median_ms"],
                     row["p99_ms"], row["p99"]] for row in rows])
    name = lambda row: row["title"]  # noqa: E731
    targets = [at_least("throughput at least that of one session", 1.0, rows, lambda row: row["throughput"], name),
               at_most("p99 at most 1.5x the fair share", 1.5, rows, lambda row: row["p99"], name)]
    return Result(lines, targets, rows, errors)
