# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What things are changed to."""

import math

LEAST, MOST = -(1 << 63), (1 << 63) - 1
SIZES = (0, 0, 1, 1, 2, 3, 5, 7, 16, 1 << 31, 1 << 32, 1 << 40, 1 << 62, MOST, -1)
INTEGERS = (0, 0, 1, 2, 3, 4, 5, -1, -1, -2, -3, -7, 7, 64, 1 << 20, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 40, 1 << 62,
            -(1 << 40), LEAST, LEAST + 1, MOST, MOST - 1)
REALS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e30, -1e30, math.nan, math.inf, -math.inf)
WORDS = (b"", b"nonsense", b"VALID", b"SAME_UPPER", b"SAME_LOWER", b"constant", b"reflect", b"edge", b"wrap", b"nearest",
         b"linear", b"cubic", b"asymmetric", b"align_corners", b"tf_crop_and_resize", b"add", b"mul", b"max", b"none", b"mean",
         b"sum", b"tanh", b"bidirectional", b"reverse", b"ij->ji", b"...i,i->...", b"ii->i", b"i,j->k", b"->")


def one(chance, things):
    things = list(things)
    return chance.choice(things) if things else None
