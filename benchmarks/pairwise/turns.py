# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sides that take turns, so that all of them meet the same machine."""

import statistics
import time

# Lets the workers of the side before go to sleep.
PAUSE = 0.01

# Sides that are a rate of the machine: the same work for each thread.
RATES = MULTIPLY_ADDS, READ = ("multiply-adds", "read")


class Timed:
    """The times of a side in ms, by round."""

    def __init__(self, rounds):
        self.rounds = rounds

    @property
    def all(self):
        return [ms for times in self.rounds for ms in times]

    @property
    def median(self):
        return statistics.median(self.all)

    @property
    def least(self):
        return min(self.all)

    def json(self):
        return {"median_ms": self.median, "min_ms": self.least, "runs": len(self.all)}


def in_turns(workers, seconds, rounds, brief=(), least_runs=3):
    """{name: Timed} of {name: Worker}: each runs in each round for its share of `seconds`, and for
    some runs at least, as slices of one or two of a large model only measure cold caches. Those that
    `brief` names run for a sixth. Who begins changes from round to round."""
    names = list(workers)
    times = {name: [] for name in names}
    for index in range(rounds):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(PAUSE)
            worker = workers[name]
            share = seconds / rounds / (6 if name in brief else 1)
            some_runs = 0.8 * least_runs * worker.first_ms / 1e3
            times[name].append(worker.run(min(max(share, some_runs), 4 * share)))
    return {name: Timed(rounds) for name, rounds in times.items()}


def scaling(times, side, fewest, most):
    """How many times as much a side does on `most` threads as on `fewest`, of {(side, threads): Timed}."""
    faster = ratio(times[side, fewest], times[side, most])
    return faster * most / fewest if side in RATES else faster


def ratio(ours, theirs):
    """The median of the rounds' ratios of their medians."""
    return statistics.median(
        statistics.median(a) / statistics.median(b) for a, b in zip(ours.rounds, theirs.rounds))
