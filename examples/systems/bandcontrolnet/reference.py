# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slice by slice, in place."""

import numpy as np

from common.plain import double, softmax


def outputs(size, w, inputs):
    w, band = double(w), double(inputs)["x"].copy()

    def decode(stage):
        for track in range(4):
            name = f"{stage}{track}"
            wide = np.maximum(band[track] @ w[name + "_in"] + w[name + "_in_b"], 0)
            band[track] += wide @ w[name + "_out"] + w[name + "_out_b"]

    decode("first")
    for bar in range(size["bars"]):
        q, k, v = (band[:, bar] @ w[name] for name in ("query", "key", "value"))
        band[:, bar] += softmax(q @ k.T / np.sqrt(size["d"])) @ v
    decode("second")
    return {"y": band}
