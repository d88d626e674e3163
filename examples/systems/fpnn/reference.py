# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The branches one by one."""

import numpy as np

from common.plain import convolve, double


def outputs(size, w, inputs):
    w, volume = double(w), double(inputs)["volume"][0]
    features = []
    for branch in range(size["branches"]):
        x = np.maximum(np.einsum("oi,ixyz->oxyz", w[f"reduce{branch}"][:, :, 0, 0, 0], volume), 0)
        features.append(np.maximum(convolve(x, w[f"volume{branch}"], pad=branch % 3), 0).max((1, 2, 3)))
    x = volume.reshape(-1, *volume.shape[2:])
    for name in ("plane", "plane2"):
        x = np.maximum(convolve(x, w[name], pad=1), 0)
    features.append(x.max((1, 2)))
    return {"classes": np.concatenate(features)[None] @ w["head"]}
