#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Equations of Einsum as exporters write them, against numpy's.

    einsum_test.py HEDDLE

Each with both operands as inputs of unknown sizes, and with the second one as a weight.
"""

import sys

from numpy_models import NumpyModels, np
from onnx_bytes import node

SIZES = dict(b=2, f=5, n=3, d=8, h=11, i=7, j=6, c=4, k=9)
EQUATIONS = ["bfnd,ndh->bfh", "bfd,dnh->bfnh", "bnid,bnjd->bnij", "bnij,bnjd->bnid", "bind,bjnd->bnij", "i,j->ij",
             "bnij,bjnd->bind", "id,jd->ji", "bid,d->bi", "d,d->", "bchi,bcj->bhij", "bi,bi->bi", "nc,bcij->bnij",
             "bid, bjd -> bij", "bid,bij->b", "bi,bjd->bij", "bii,bij->bj", "...ij,...kj->...ik", "...ij,jk->...ik"]


def main():
    check = NumpyModels(sys.argv[1])
    generator = np.random.default_rng(1)
    for equation in EQUATIONS:
        # Under an ellipsis there are two axes.
        operands, result = equation.replace(" ", "").replace("...", "bn").split("->")
        terms = dict(zip("xy", operands.split(",")))
        arrays = {name: generator.integers(-4, 5, [SIZES[label] for label in term]).astype(np.float32)
                  for name, term in terms.items()}
        for given in "xy", "x":
            what = equation if given == "xy" else f"{equation} of a weight"
            check.write([node("Einsum", ["x", "y"], ["z"], equation=equation)],
                        {name: list(terms[name]) for name in given}, {"z": list(result)},
                        {name: array for name, array in arrays.items() if name not in given})
            check.compile(what)
            check.expect(what, {name: arrays[name] for name in given}, {"z": np.einsum(equation, *arrays.values())})
    check.finish()


main()
