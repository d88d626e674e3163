# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The sequential schedule: every view is put together as one list of tokens with global positions."""

import numpy as np

from common.plain import double, rotate, softmax


def outputs(size, w, inputs):
    w, given = double(w), double(inputs)
    W, T, d = size["W"], size["T"], size["d"]
    said = given["start"]
    cache = [[[] for _ in range(W)] for _ in range(2)]
    history = []
    for _ in range(T):
        for layer in range(2):
            for worker in range(W):
                cache[layer][worker].append((said[worker] @ w[f"key{layer}"], said[worker] @ w[f"value{layer}"]))
            heard = np.zeros_like(said)
            for worker in range(W):
                view = list(zip(given["prompt_keys"][layer], given["prompt_values"][layer]))
                for other in [(worker + k) % W for k in range(1, W)] + [worker]:
                    view += cache[layer][other]
                keys = rotate(np.array([k for k, _ in view]), np.arange(len(view)))
                query = rotate((said[worker] @ w[f"query{layer}"])[None], [len(view) - 1])
                mixed = softmax(query @ keys.T / np.sqrt(d)) @ np.array([v for _, v in view])
                heard[worker] = np.tanh(said[worker] + (mixed @ w[f"out{layer}"])[0])
            said = heard
        history.append(said)
    return {"said": np.array(history)}
