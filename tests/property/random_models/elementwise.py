# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operators of which each element is a function of the elements at its place."""

import numpy as np
from numpy_models import KINDS

SIGNS = ("Abs", "Neg", "Relu", "Identity")
FUNCTIONS = ("Sigmoid", "Tanh", "Exp", "Sqrt", "Erf", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Selu", "Mish",
             "Gelu", "Reciprocal", "Log", "Sin", "Cos", "Tan", "Atan", "Asin", "Acos", "Sinh", "Cosh", "Asinh",
             "Acosh", "Atanh")
COMPARISONS = ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual")


def fits_beside(shape):
    def fits(other):
        try:
            np.broadcast_shapes(shape, other)
            return True
        except ValueError:
            return False
    return fits


def beside(g, value, exact=False, fresh=0.5):
    """A second operand that broadcasts with the value."""
    fits = fits_beside(value.shape)
    return g.operand(lambda other: other.kind == value.kind and (other.exact or not exact) and fits(other.shape),
                     lambda: g.like(value, g.broadcastable(value.shape)), fresh)


def signs(g):
    value = g.real() if g.chance(0.7) else g.any(kinds=("i4", "i8", "i1", "i2"))
    return g.add(g.pick(*SIGNS), value, exact=True)


def functions(g):
    op = g.pick(*FUNCTIONS)
    value = g.real()
    if op in ("Sin", "Cos", "Tan") and value.array.size and np.abs(value.array).max() > 20:
        return None     # a rounding of the operand is all that the result is
    attributes = {"approximate": g.pick("none", "tanh")} if op == "Gelu" and g.chance(0.5) else {}
    if op == "HardSigmoid" and g.chance(0.5):
        attributes = {"alpha": 0.3, "beta": 0.4}
    return g.add(op, value, **attributes)


def thresholds(g):
    op = g.pick("LeakyRelu", "Elu", "Celu", "ThresholdedRelu", "Shrink")
    if op == "Shrink":
        return g.add(op, g.real(exact=True), lambd=0.5, bias=g.pick(0.0, 0.25))
    return g.add(op, g.real(exact=op == "ThresholdedRelu"), alpha=g.pick(None, 0.1, 0.5, 1.5))


def rounding(g):
    return g.add(g.pick("Floor", "Ceil", "Round", "Sign", "IsNaN", "IsInf"), g.real(exact=True), exact=True)


def arithmetic(g):
    op = g.pick("Add", "Sub", "Mul", "Min", "Max", "Add", "Mul", "PRelu", "Mean", "Sum")
    value = g.any(kinds=("f4", "f4", "f4", "f8", "i4", "i8", "f2", "u1", "i1"))
    operands = [value, beside(g, value)]
    if op not in ("PRelu", "Mean", "Sum") and g.chance(0.4):
        operands.reverse()
    return g.add(op, *operands, exact=op in ("Min", "Max") or value.is_kind("iu"))


def division(g):
    op = g.pick("Div", "Div", "Mod", "Pow")
    value = g.any(exact=op == "Mod", kinds=("f4", "f4", "f8", "f2") if op == "Pow" else ("f4", "f4", "f8", "i4", "i8", "f2"))
    if op == "Pow":
        return g.add(op, value, g.scalar(g.pick(2, 0.5, 3, -1, 0, 1, 1.5), value.kind))
    divisors = g.numbers(g.broadcastable(value.shape), value.kind)
    divisor = g.leaf(array=np.where(divisors == 0, divisors.dtype.type(1), divisors))
    fmod = None if op == "Div" else 1 if value.is_kind("f") else g.integer(0, 2)
    return g.add(op, value, divisor, fmod=fmod, exact=value.is_kind("iu"))


def comparison(g):
    op = g.pick(*COMPARISONS)
    value = g.any(exact=True, kinds=("f4", "f4", "f8", "i4", "i8", "f2"))
    return g.add(op, value, beside(g, value, exact=True), exact=True)


def logic(g):
    value = g.any(kinds=("?",))
    op = g.pick("And", "Or", "Xor", "Not")
    return g.add(op, value, *([] if op == "Not" else [beside(g, value)]), exact=True)


def bits(g):
    op = g.pick("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift")
    if op == "BitShift":
        value = g.any(kinds=("u1", "u4", "u8"))
        by = g.leaf(array=np.asarray(g.random.integers(0, 7, value.shape), value.array.dtype))
        return g.add(op, value, by, direction=g.pick("LEFT", "RIGHT"), exact=True)
    value = g.any(kinds=("i4", "i8", "u1"))
    return g.add(op, value, *([] if op == "BitwiseNot" else [beside(g, value)]), exact=True)


def where(g):
    condition = g.any(kinds=("?",))
    fits = fits_beside(condition.shape)
    value = g.operand(lambda value: value.kind != "?" and fits(value.shape),
                      lambda: g.leaf(g.broadcastable(condition.shape), g.pick("f4", "i8", "f2", "i4")))
    choices = [value, g.like(value, g.broadcastable(value.shape))]
    return g.add("Where", condition, *(choices if g.chance(0.5) else choices[::-1]), exact=True)


def bounds(g):
    """Clip and what is written in its place: a maximum, a minimum, with any number, NaN among them."""
    value = g.any(kinds=("f4", "f4", "f2", "f8", "i4", "i8", "u1", "i1"))
    if value.kind == "f4" and value.array.size and g.chance(0.2):
        odd = value.array.copy()
        odd.flat[g.integer(0, odd.size)] = g.pick(np.nan, np.inf, -np.inf, -0.0)
        value = g.leaf(array=odd, constant=False)
    low, high = g.scalar(g.pick(0, 0, 1), value.kind), g.scalar(g.pick(2, 6), value.kind)
    form = g.integer(0, 4)
    if form == 0:
        first = g.add("Max", *g.pick((value, low), (low, value)), exact=True)
        return first and g.add("Min", *g.pick((first[0], high), (high, first[0])), exact=True)
    if form == 1:
        first = g.add("Relu", value, exact=True)
        return first and g.add("Min", first[0], high, exact=True)
    return g.add("Clip", value, low if g.chance(0.7) else None, high if g.chance(0.7) else None, exact=True)


def cast(g):
    kind = g.pick("f4", "f2", "f8", "i4", "i8", "u1", "i1", "?")
    value = g.any(exact=kind[0] in "iu?")
    if value.is_kind("f") and kind[0] == "u":
        return None     # of negative numbers, what it gives is not defined
    if value.is_kind("f") and kind[0] == "i" and not np.isfinite(value.array).all():
        return None
    return g.add("Cast", value, to=KINDS[np.dtype(kind).name], exact=True)


FAMILIES = ([signs, thresholds, rounding, division, comparison, where, cast, cast] + [functions] * 4 + [arithmetic] * 5
            + [logic, bits] + [bounds] * 2)
