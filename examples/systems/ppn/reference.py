# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each network alone."""

import numpy as np

from common.plain import convolve, double


def outputs(size, w, inputs):
    w, image = double(w), double(inputs)["image"][0]

    def network(name, layers):
        x = image
        for layer in range(layers):
            x = np.maximum(convolve(x, w[f"{name}{layer}"], w[f"{name}{layer}_b"], pad=1), 0)
        return x.mean((1, 2))[None] @ w[f"{name}_head"]

    return {"scene": network("scene", 2), "objects": network("objects", 3)}
