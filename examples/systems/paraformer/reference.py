# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integrate and fire by sums: a frame gives token n the part of its weight between n and n + 1."""

import numpy as np

from common.plain import double, sigmoid, silu


def outputs(size, w, inputs):
    x = inputs["frames"]
    # The weights of frames are fp32 in the program; where a token fires hangs on their bits.
    alpha = sigmoid(double(inputs)["frames"] @ double(w)["alpha"][:, 0] + double(w)["alpha_b"])
    end = np.cumsum(alpha)
    begin = end - alpha
    tokens = []
    for n in range(int(np.floor(end[-1])) if len(x) else 0):
        part = np.clip(np.minimum(end, n + 1) - np.maximum(begin, n), 0, None)
        tokens.append(part @ x.astype("float64"))
    tokens = np.array(tokens).reshape(-1, size["D"])
    w = double(w)
    return {"tokens": tokens, "logits": silu(tokens @ w["up"] + w["up_b"]) @ w["vocabulary"]}
