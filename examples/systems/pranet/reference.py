# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The blocks, and the chain 4 -> 3 -> 2."""

import numpy as np

from common.plain import convolve, double, sigmoid


def outputs(size, w, inputs):
    w, x = double(w), {name: a[0] for name, a in double(inputs).items()}

    def block(level):
        parts = []
        for dilation in (1, 3, 5):
            y = np.maximum(convolve(x[f"f{level}"], w[f"reduce{level}_{dilation}"]), 0)
            parts.append(convolve(y, w[f"wide{level}_{dilation}"], pad=dilation, dilation=dilation))
        return np.maximum(convolve(np.concatenate(parts), w[f"merge{level}"]), 0)

    masks, mask = {}, None
    for level in (4, 3, 2):
        features = block(level)
        mask = convolve(features, w["coarse"]) if mask is None else mask.repeat(2, 1).repeat(2, 2)
        mask = convolve(features * (1 - sigmoid(mask)), w[f"reverse{level}"], pad=1) + mask
        masks[f"mask{level}"] = mask[None]
    return masks
