# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far results may lie from each other, and what is said where they lie further."""

import numpy as np


def disagreement(got, want, exact=False):
    """A short sentence, or None."""
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"is {got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}"
    if want.dtype.kind == "b" or (want.dtype.kind != "f" and exact):
        return None if np.array_equal(got, want) else f"{np.count_nonzero(got != want)} of {want.size} differ"
    kind = want.dtype
    got, want = got.astype("f8"), want.astype("f8")
    if not np.array_equal(np.isnan(got), np.isnan(want)):
        return f"{np.isnan(got).sum()} instead of {np.isnan(want).sum()} are not numbers"
    infinite = np.isinf(got) | np.isinf(want)
    if not np.array_equal(got[infinite], want[infinite]):
        return "infinities differ"
    counts = np.isfinite(want)
    got, want = got[counts], want[counts]
    if not want.size:
        return None
    relative, absolute = (1e-2, 1e-2) if kind == np.float16 else (1e-3, 1e-4)
    allowed = relative * np.abs(want) + absolute * max(1, np.abs(want).max())
    if kind.kind != "f":
        allowed = np.ones(want.size)    # a rounding of what is not exact
    off = np.abs(got - want)
    worst = np.argmax(off - allowed)
    return None if np.all(off <= allowed) else f"off by {off[worst]:.3g} at {want[worst]:.6g}, {np.sum(off > allowed)} of {off.size}"


def disagreements(got, model):
    """Of all results, by name."""
    found = {name: disagreement(got[name], want, name in model.exact) for name, want in model.results.items()}
    return {name: problem for name, problem in found.items() if problem}
