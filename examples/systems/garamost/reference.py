# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A frame at a time."""

import numpy as np

from common.plain import convolve, double


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    images = given["images"][0]
    motion, structure = (convolve(np.maximum(convolve(images, w[f"{stream}0"], pad=1), 0), w[f"{stream}1"], pad=1)
                         for stream in ("motion", "structure"))
    frames = []
    for t in given["times"]:
        x = np.maximum(convolve(np.concatenate([t * motion, structure]), w["fuse"], pad=1), 0)
        frames.append((1 - t) * images[:1] + t * images[1:] + convolve(x, w["paint"], pad=1))
    return {"frames": np.array(frames)}
