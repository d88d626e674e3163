# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Replica by replica; and the law m_k = (1 - d) d^(k - 1) of large networks."""

import numpy as np


def outputs(size, w, inputs):
    xi, P, N, prime = inputs["xi"].astype("float64"), size["P"], size["N"], 2147483647
    result = {"m": [], "energy": []}
    for r in range(size["R"]):
        noise = (np.arange(N) * 747796405 + (r + 1) * 48271) % prime
        for _ in range(2):
            noise = (noise * noise + noise * 16807 + 12345) % prime
        field = sum(xi[k] / 2**k for k in range(P)) + (noise / prime - 0.5) / 2 ** (P - 1)
        sigma = np.where(field < 0, -1.0, 1.0)
        for _ in range(size["sweeps"]):
            field = (xi @ sigma / N) @ xi
            sigma = np.where(field == 0, sigma, np.where(field < 0, -1.0, 1.0))
        result["m"].append(xi @ sigma / N)
        result["energy"].append(-(result["m"][-1] ** 2).sum() * N / 2)
    return {name: np.array(values) for name, values in result.items()}


def names(size, outputs):
    law = [(1 - size["d"]) * size["d"] ** k for k in range(size["P"])]
    return {"law_error": float(np.abs(outputs["m"] - law).max())}
