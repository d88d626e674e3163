# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bayes' rule, text by text."""

import numpy as np

from common.plain import double, silu, softmax


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    E = size["E"]

    def probability(x, expert):
        parts = [w[f"{name}{expert}"] if expert is not None else np.mean([w[f"{name}{e}"] for e in range(E)], 0)
                 for name in ("in", "mid", "out")]
        return softmax(silu(silu(x @ parts[0]) @ parts[1]) @ parts[2])

    mixture = []
    for past, now, (seen,) in zip(given["past"], given["now"], inputs["seen"]):
        joint = [np.exp(w["log_prior"][e]) * probability(past, e)[seen] for e in range(E)]
        mixture.append(sum(joint[e] * probability(now, e) for e in range(E)) / sum(joint))
    return {"mixture": np.array(mixture), "mean": np.log(probability(given["now"], None))}
