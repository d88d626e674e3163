# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Depth-first search with fractions: the first path that reaches the target, counted as it is met."""

import itertools
from fractions import Fraction

import numpy as np


def combinations(numbers):
    for i, j in itertools.combinations(range(len(numbers)), 2):
        left = [n for k, n in enumerate(numbers) if k not in (i, j)]
        yield [(a, left) for a in results(numbers[i], numbers[j])]


def results(a, b):
    if a is None or b is None:  # made by a division by zero
        return [None] * 6
    return [a + b, a - b, b - a, a * b, a / b if b else None, b / a if a else None]


def search(numbers, target):
    count = 0
    for ways in combinations(numbers):  # the parent's pairs, and in each the ways to combine it
        for new, left in ways:
            for ways3 in combinations([*left, new]):
                for new3, left3 in ways3:
                    for value in results(left3[0], new3):
                        if value == target:
                            return count
                        count += 1
    return -1


def outputs(size, w, inputs):
    puzzles = zip(inputs["numbers"], inputs["target"])
    return {"path": np.array([search([Fraction(int(n)) for n in numbers], int(target))
                              for numbers, target in puzzles])}
