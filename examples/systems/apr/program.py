# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adaptive parallel reasoning on Countdown: reach a target from four numbers with + - * /.

The parent chooses the first pair; each of the six choices is a child, which gets the three numbers
that are left (for each way to combine the pair) and nothing else, and searches. The parent joins
their answers in order: the first child with a solution wins. All puzzles of a batch at once.
"""

import itertools

import numpy as np

from common.graph import Graph
from common.layers import seeded

NO_SOLUTION = -1


def weights(size):
    return {}


def inputs(size):
    rng = seeded(2)
    return {"numbers": rng.integers(1, 10, (size["B"], 4)).astype("float64"),
            "target": rng.integers(10, 100, size["B"]).astype("float64")}


def combine(g, numbers, ways, count):
    """Every way to make one number of a pair of `count`: the new lists, ways -> pairs * 6 times as many."""
    lists = []
    for i, j in itertools.combinations(range(count), 2):
        a, b = numbers[i], numbers[j]
        nothing = g.constant(np.nan, "float64")
        zero = g.constant(0.0, "float64")
        quotient = lambda a, b: g.Where(g.Equal(b, zero), nothing, g.Div(a, b))
        made = [g.Add(a, b), g.Sub(a, b), g.Sub(b, a), g.Mul(a, b), quotient(a, b), quotient(b, a)]
        new = g.Reshape(g.Concat(*[g.Unsqueeze(m, [2]) for m in made], axis=2), [-1, 6 * ways])
        left = [g.Reshape(g.Expand(g.Unsqueeze(numbers[k], [2]), [1, 1, 6]), [-1, 6 * ways])
                for k in range(count) if k not in (i, j)]
        lists.append([*left, new])
    return lists


def child(g, numbers, target):
    """The lowest index of a solution, and whether there is one, from three numbers in 6 ways."""
    last = []
    for pair in combine(g, numbers, 6, 3):
        (result,), = combine(g, pair, 36, 2)
        last.append(g.Reshape(result, [-1, 6, 1, 36]))
    results = g.Reshape(g.Concat(*last, axis=2), [-1, 6 * 3 * 36])
    hits = g.Cast(g.Less(g.Abs(g.Sub(results, g.Unsqueeze(target, [1]))), g.constant(1e-6, "float64")), to=7)
    return g.ArgMax(hits, axis=1, keepdims=1), g.ReduceMax(hits, axes=[1])


def program(size, w):
    g = Graph("apr")
    numbers, target = g.input("numbers", [size["B"], 4], "float64"), g.input("target", [size["B"]], "float64")
    parent = [g.Gather(numbers, [k], axis=1) for k in range(4)]
    paths, found = [], []
    for number, context in enumerate(combine(g, parent, 1, 4)):
        with g.scope(f"child{number}"):
            path, success = child(g, context, target)
            paths.append(g.Add(path, number * 648))
            found.append(success)
    found = g.Concat(*found, axis=1)
    winner = g.ArgMax(found, axis=1, keepdims=1)
    path = g.GatherElements(g.Concat(*paths, axis=1), winner, axis=1)
    solved = g.Greater(g.ReduceMax(found, axes=[1]), 0)
    g.output("path", g.Squeeze(g.Where(solved, path, NO_SOLUTION), [1]), "int64")
    return g
