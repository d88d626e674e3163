# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each set alone as (m, u, w), and the two merged."""

import numpy as np

from common.plain import double, monoid


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    H, d = size["H"], size["d"]
    split = lambda x: x.reshape(-1, H, d).swapaxes(0, 1)
    q = split(given["text"] @ w["query"])

    def partial(name):
        scores = q @ split(given[name] @ w[f"key_{name}"]).swapaxes(1, 2) / np.sqrt(d)
        m = scores.max(-1)
        e = np.exp(scores - m[..., None])
        return m, e.sum(-1), e @ split(given[name] @ w[f"value_{name}"])

    _, u, mixed = monoid(partial("image"), partial("text"))
    mixed = mixed / u[..., None]
    return {"y": mixed.swapaxes(0, 1).reshape(-1, H * d) @ w["out"]}
