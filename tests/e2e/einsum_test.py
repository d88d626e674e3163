#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Equations of Einsum as exporters write them, against numpy's.

    einsum_test.py HEDDLE

Each with both operands as inputs of unknown sizes, and with the second one as a weight.
"""

import os
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError:
    print("no numpy: nothing to compare with")
    sys.exit(77)

from bounded import Bounded
from onnx_bytes import floats, graph, model, node, value

SIZES = dict(b=2, f=5, n=3, d=8, h=11, i=7, j=6, c=4)
EQUATIONS = ["bfnd,ndh->bfh", "bfd,dnh->bfnh", "bnid,bnjd->bnij", "bnij,bnjd->bnid", "bind,bjnd->bnij", "i,j->ij",
             "bnij,bjnd->bind", "id,jd->ji", "bid,d->bi", "d,d->", "bchi,bcj->bhij", "bi,bi->bi", "nc,bcij->bnij",
             "bid, bjd -> bij", "bid,bij->b", "bi,bjd->bij", "bii,bij->bj"]


def main():
    began = time.time()
    check = Bounded(sys.argv[1])
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        source, artifact = os.path.join(work, "model.onnx"), os.path.join(work, "model.heddle")
        for equation in EQUATIONS:
            terms = equation.replace(" ", "").split("->")[0].split(",")
            result = equation.replace(" ", "").split("->")[1]
            x, y = (generator.integers(-4, 5, [SIZES[label] for label in term]).astype(np.float32) for term in terms)
            for weight in False, True:
                what = f"{equation}{' of a weight' if weight else ''}"
                inputs = [value("x", list(terms[0]))] + ([] if weight else [value("y", list(terms[1]))])
                weights = [floats("y", y.ravel().tolist(), list(y.shape))] if weight else []
                with open(source, "wb") as file:
                    file.write(model(graph([node("Einsum", ["x", "y"], ["z"], equation=equation)], inputs,
                                           [value("z", list(result))], weights)))
                np.save(os.path.join(work, "x.npy"), x)
                np.save(os.path.join(work, "y.npy"), y)
                flags = [flag for name in ("x" if weight else "xy") for flag in ("--input", f"{name}={work}/{name}.npy")]
                if check.run(f"{what} is compiled", "compile", source, "-o", artifact)[0] != 0:
                    check.wrong(f"{what} is refused")
                    continue
                code, error = check.run(what, "run", artifact, *flags, "--output", work)
                if code != 0:
                    check.wrong(f"{what} fails", error)
                elif not np.array_equal(np.load(os.path.join(work, "z.npy")), np.einsum(equation, x, y)):
                    check.wrong(f"{what} gives other numbers")
    check.finish(began)


main()
