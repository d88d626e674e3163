# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs after the first ask the allocator for."""

from pairwise.report import Result, at_most, table
from pairwise.workers import Failed

TITLE = "Allocations"
NEEDS_PEER = False
PROGRAMS = ("heddle", "allocation_worker")

# A block that a pool keeps for the first time, in some later run, is not one that each run makes.
RARE = 0.01


def measure(bench):
    rows, errors = [], []
    for case in bench.cases():
        row = {"title": case.title}
        for threads in bench.threads:
            try:
                artifact = bench.artifact(case.model)[0]
                with bench.worker("heddle", artifact, threads, case.inputs, "allocation_worker") as worker:
                    worker.run(0.02)
                    answer = worker.ask(0.05 if bench.quick else 0.15)
            except Failed as failure:
                errors.append("%s: %s" % (case.title, failure))
                break
            row[threads] = answer["allocations"] / len(answer["ms"])
        else:
            rows.append(row)
    some = [row for row in rows if max(row[threads] for threads in bench.threads) > 0]
    lines = ["Calls of `malloc` and its kin by the whole process, a run, after some runs with the same shapes%s" % (
        ":" if some else ": none in any case.")]
    if some:
        lines += ["", *table(["case", *("#%d threads" % threads for threads in bench.threads)],
                             [[row["title"], *(row[threads] for threads in bench.threads)] for row in some]),
                  "", "None in the other %d cases." % (len(rows) - len(some))]
    target = at_most("back-to-back runs allocate nothing (calls a run)", RARE, rows,
                     lambda row: max(row[threads] for threads in bench.threads), lambda row: row["title"], 3)
    return Result(lines, [target], rows, errors)
