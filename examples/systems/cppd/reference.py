# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All places in one pass."""

import numpy as np

from common.plain import double, softmax


def outputs(size, w, inputs):
    w, x = double(w), double(inputs)["features"]
    look = lambda q, k, v: softmax(q @ k.T / np.sqrt(size["D"])) @ v
    characters = look(w["characters"], x @ w["count_key"], x @ w["count_value"])
    places = np.maximum(look(w["places"], x @ w["place_key"], x @ w["place_value"]) @ w["place_mix"], 0)
    edges = look(places, characters @ w["edge_key"], characters @ w["edge_value"])
    return {"counts": characters @ w["count"], "logits": (places + edges) @ w["classes"]}
