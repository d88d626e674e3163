# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The backbone first, then each branch."""

import numpy as np

from common.plain import double, softmax


def outputs(size, w, inputs):
    w, x = double(w), double(inputs)["x"]
    hidden = []
    for layer in range(size["layers"]):
        x = x + np.tanh(x @ w[f"backbone{layer}"] + w[f"backbone{layer}_b"])
        hidden.append(x)
    share = softmax(np.concatenate([h @ w[f"gate{i}"] for i, h in enumerate(hidden)], 1))
    y = 0
    for i, h in enumerate(hidden):
        small = np.maximum(np.maximum(h @ w[f"down{i}"], 0) @ w[f"mid{i}"], 0)
        y = y + share[:, i: i + 1] * (small @ w[f"up{i}"])
    return {"y": y}
