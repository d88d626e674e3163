# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each network alone."""

import numpy as np

from common.plain import double


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)

    def network(name, sign):
        y = np.hstack([given["start"], sign * given["time"]])
        for layer in range(size["layers"]):
            layer_name = f"shared{layer}" if layer < size["shared"] else f"{name}{layer}"
            y = np.tanh(y @ w[layer_name] + w[layer_name + "_b"])
        return y @ w[f"{name}_out"] + w[f"{name}_out_b"]

    return {"u": network("u", 1), "x": given["start"] + given["time"] * network("x", -1)}
