# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A multitasking Hebbian network: H = -(1/2N) sum_mu (sum_i xi sigma)^2 for patterns with blank entries,
relaxed by replicas that each start with noise of their own: a loop over replicas, in it one over sweeps.

The noise of entry i of replica r is a function of the two numbers: no replica waits for another's.
"""

import numpy as np

from common.graph import Graph
from common.layers import seeded

PRIME = 2147483647


def weights(size):
    return {}


def inputs(size):
    rng = seeded(2)
    signs = rng.choice([-1.0, 1.0], (size["P"], size["N"]))
    return {"xi": (signs * (rng.uniform(size=signs.shape) >= size["d"])).astype("float32")}


def program(size, w):
    P, N = size["P"], size["N"]
    g = Graph("hebbian")
    xi = g.input("xi", [P, N])
    places = g.constant(np.arange(N))
    # Whom an entry follows: the first pattern that is not blank there, and noise where all are.
    halves = g.constant((0.5 ** np.arange(P)).astype("float32").reshape(1, P))

    def replica(b, r):
        mixed = b.Mod(b.Add(b.Mul(places, 747796405), b.Mul(b.Add(r, 1), 48271)), PRIME)
        for _ in range(2):
            mixed = b.Mod(b.Add(b.Add(b.Mul(mixed, mixed), b.Mul(mixed, 16807)), 12345), PRIME)
        noise = b.Sub(b.Div(b.Cast(mixed, to=1), float(PRIME)), 0.5)
        field = b.Add(b.Squeeze(b.MatMul(halves, xi), [0]), b.Mul(noise, 0.5 ** (P - 1)))
        start = b.Where(b.Less(field, 0.0), -1.0, 1.0)
        overlaps = lambda c, sigma: c.Div(c.ReduceSum(c.Mul(xi, sigma), [1], keepdims=1), float(N))

        def sweep(c, t, sigma):
            field = c.ReduceSum(c.Mul(xi, overlaps(c, sigma)), [0], keepdims=0)
            turned = c.Where(c.Less(field, 0.0), -1.0, 1.0)
            return [c.Where(c.Equal(field, 0.0), sigma, turned)], []

        sigma, = b.loop(size["sweeps"], [start], sweep, name="sweeps")
        m = b.Squeeze(overlaps(b, sigma), [1])
        return [], [m, b.Mul(b.ReduceSum(b.Mul(m, m), keepdims=0), -0.5 * N)]

    m, energy = g.loop(size["R"], [], replica, name="replicas")
    g.output("m", m)
    g.output("energy", energy)
    return g
