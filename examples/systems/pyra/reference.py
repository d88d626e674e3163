# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Token by token."""

import numpy as np

from common.plain import double, sigmoid


def outputs(size, w, inputs):
    w, images = double(w), double(inputs)["images"]
    result = {"merged": [], "plain": []}
    for x in images:
        keys = x @ w["key"]
        keys /= np.sqrt((keys * keys).sum(1))[:, None]
        similar = keys[::2] @ keys[1::2].T
        order = sorted(range(len(similar)), key=lambda i: -similar[i].max())
        swing = 2 * sigmoid(np.outer(x @ w["rows"], (x * w["columns"]).mean(0))) - 1
        for name, tokens in (("merged", x * (1 + size["b"] * swing)), ("plain", x)):
            groups = [[token] for token in tokens[1::2]]
            for i in order[: size["merged"]]:
                groups[similar[i].argmax()].append(tokens[2 * i])
            stay = [tokens[2 * i] for i in order[size["merged"]:]]
            result[name].append(stay + [np.mean(group, 0) for group in groups])
    return {name: np.array(tokens) for name, tokens in result.items()}
