# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recurrences as people write them, and some that only look like them.

Each is a function of a graph under construction, the number of the step, the states and what the step
reads; it returns the new states and what is collected. `elements` says what is read: a letter for
the numbers (recurrences_test.py has them), then the shape.
"""

import numpy as np

PROGRAMS = {}


def program(states, elements, raised=True):
    def add(function):
        PROGRAMS[function.__name__] = (states, elements.split(), function, raised)
        return function
    return add


def zeros(*shape):
    return np.zeros(shape, "float32")


def ones(*shape):
    return np.ones(shape, "float32")


LEAST = -np.inf * ones(3)
BIT, NUMBER = np.zeros(3, bool), np.zeros((), "int64")


@program([zeros(3)], "x3 y3 z3")
def gated_unit(b, i, h, x, y, z):
    h = b.Add(b.Mul(b.Sigmoid(x), h), b.Mul(b.Sigmoid(y), b.Tanh(z)))
    return [h], [h]


@program([zeros(4)], "x4 y4")
def min_gru(b, i, h, x, y):
    z = b.Sigmoid(x)
    h = b.Add(b.Mul(b.Sub(1.0, z), h), b.Mul(z, y))
    return [h], [h]


@program([zeros(5), zeros(5)], "x5")
def complex_diagonal(b, i, re, im, x):
    a = b.constant(np.array([.9, .8, .7, .5, .3], "float32"))
    c = b.constant(np.array([.1, -.2, .3, .4, .6], "float32"))
    return [b.Add(b.Sub(b.Mul(a, re), b.Mul(c, im)), x), b.Add(b.Mul(c, re), b.Mul(a, im))], [re]


@program([LEAST], "x3")
def log_sum_over_maximum(b, i, s, x):
    m = b.Max(s, x)
    s = b.Add(m, b.Log(b.Add(b.Exp(b.Sub(s, m)), b.Exp(b.Sub(x, m)))))
    return [s], [s]


@program([zeros(2)], "x2")
def log_sum_plain(b, i, s, x):
    s = b.Log(b.Add(b.Exp(b.Sub(s, 0.1)), b.Exp(x)))
    return [s], [s]


@program([zeros(2)], "x2")
def log_sum_over_state(b, i, s, x):
    s = b.Add(s, b.Softplus(b.Sub(x, s)))
    return [s], [s]


@program([LEAST, np.full(3, -1)], "r3")
def greatest_and_where(b, i, best, place, x):
    better = b.Greater(x, best)
    place = b.Where(better, i, place)
    return [b.Where(better, x, best), place], [place]


@program([np.full(3, np.inf, "float32"), np.full(3, -1)], "r3")
def least_and_last(b, i, best, place, x):
    better = b.LessOrEqual(x, best)
    return [b.Min(best, x), b.Where(better, i, place)], [best]


@program([LEAST], "x3", raised=False)
def greatest_that_forgets(b, i, best, x):
    best = b.Where(b.GreaterOrEqual(best, x), best, x)
    return [best], [best]


@program([LEAST, LEAST], "x3")
def two_greatest(b, i, first, second, x):
    return [b.Max(first, x), b.Max(second, b.Min(first, x))], [second]


@program([zeros(3)], "x3 y3")
def cheapest(b, i, s, x, y):
    s = b.Min(b.Add(s, x), y)
    return [s], [s]


@program([zeros(3)], "x3")
def never_negative(b, i, s, x):
    s = b.Relu(b.Add(s, x))
    return [s], [s]


@program([BIT], "b3 c3")
def set_and_reset(b, i, s, x, y):
    s = b.And(b.Or(s, x), b.Not(y))
    return [s], [s]


@program([BIT], "b3 c3")
def chosen_by_a_bit(b, i, s, x, y):
    s = b.Where(s, x, y)
    return [s], [s]


@program([NUMBER], "i")
def counter_of_four_bits(b, i, s, x):
    s = b.Mod(b.Add(b.Mul(s, 5), x), 16)
    return [s], [s]


@program([NUMBER], "i", raised=False)
def counter_modulo_seven(b, i, s, x):
    s = b.Mod(b.Add(s, x), 7)
    return [s], [s]


@program([np.array(7)], "i")
def polynomial_hash(b, i, s, x):
    s = b.Add(b.Mul(s, 1000003), x)
    return [s], [s]


@program([zeros(3)], "x3 b1")
def segments(b, i, s, x, first):
    s = b.Where(first, x, b.Add(s, x))
    return [s], [s]


@program([zeros(3)], "x3 b")
def branch_on_input(b, i, s, x, c):
    s, = b.branch(c, lambda g: [g.Add(s, x)], lambda g: [g.Mul(s, x)])
    return [s], [s]


@program([zeros(), zeros(3), zeros(3)], "x3")
def variance(b, i, count, mean, squares, x):
    count = b.Add(count, 1.0)
    d = b.Sub(x, mean)
    mean = b.Add(mean, b.Div(d, count))
    squares = b.Add(squares, b.Mul(d, b.Sub(x, mean)))
    return [count, mean, squares], [b.Div(squares, count)]


@program([ones(), zeros(3)], "x3")
def corrected_average(b, i, p, s, x):
    p, s = b.Mul(p, 0.9), b.Add(b.Mul(s, 0.9), b.Mul(x, 0.1))
    return [p, s], [b.Div(s, b.Sub(1.0, p))]


@program([ones(2), zeros(2)], "x2 p2", raised=False)
def kalman(b, i, p, estimate, x, noise):
    p = b.Add(p, 0.1)
    k = b.Div(p, b.Add(p, noise))
    return [b.Mul(b.Sub(1.0, k), p), b.Add(estimate, b.Mul(k, b.Sub(x, estimate)))], [estimate]


@program([zeros(4)], "m44 x4")
def matrix(b, i, s, m, x):
    s = b.Add(b.MatMul(m, s), x)
    return [s], [s]


@program([ones(4)], "m44 p4")
def hidden_markov(b, i, s, m, e):
    s = b.Mul(b.MatMul(s, m), e)
    return [s], [s]


@program([np.stack([np.eye(3, dtype="float32")] * 2)], "m233")
def heads_of_matrices(b, i, s, m):
    s = b.MatMul(s, m)
    return [s], [s]


@program([np.array(v, "float32") for v in (1, 0, 0, 0)], "x y z w")
def quaternion(b, i, a, c, d, e, x, y, z, w):
    length = b.Sqrt(b.Add(b.Add(b.Mul(x, x), b.Mul(y, y)), b.Add(b.Mul(z, z), b.Add(b.Mul(w, w), 1e-3))))
    x, y, z, w = (b.Div(v, length) for v in (x, y, z, w))

    def dot(*terms):
        total = b.Mul(*terms[0])
        for p, q in terms[1:]:
            total = b.Add(total, b.Mul(p, q))
        return total

    ny, nz, nw = b.Neg(y), b.Neg(z), b.Neg(w)
    new = [dot((a, x), (c, ny), (d, nz), (e, nw)), dot((a, y), (c, x), (d, w), (e, nz)),
           dot((a, z), (c, nw), (d, x), (e, y)), dot((a, w), (c, z), (d, ny), (e, x))]
    return new, [new[0]]


@program([LEAST, zeros(3), zeros(3, 2)], "x3 y32")
def guarded_softmax(b, i, m, u, w, s, v):
    n = b.Max(m, s)
    safe = b.Where(b.IsInf(n), 0.0, n)
    old, new = b.Exp(b.Sub(m, safe)), b.Exp(b.Sub(s, safe))
    u = b.Add(b.Mul(u, old), new)
    w = b.Add(b.Mul(w, b.Unsqueeze(old, [1])), b.Mul(v, b.Unsqueeze(new, [1])))
    return [n, u, w], [b.Div(w, b.Unsqueeze(u, [1]))]


@program([zeros(100), zeros()], "x")
def written_in_order(b, i, table, s, x):
    s = b.Add(b.Mul(s, 0.5), x)
    table = b.ScatterND(table, b.Reshape(i, [1, 1]), b.Reshape(s, [1]))
    return [table, s], []


@program([zeros(3)], "x3", raised=False)
def tanh_cell(b, i, s, x):
    s = b.Tanh(b.Add(b.Mul(s, 0.5), x))
    return [s], [s]


@program([zeros(3)], "x3 y3", raised=False)
def gate_by_state(b, i, s, x, y):
    s = b.Add(b.Mul(b.Sigmoid(b.Add(s, y)), s), x)
    return [s], [s]


@program([zeros(3)], "x3", raised=False)
def fires(b, i, s, x):
    t = b.Add(s, b.Abs(x))
    s = b.Where(b.GreaterOrEqual(t, 1.0), b.Sub(t, 1.0), t)
    return [s], [s]


@program([zeros(3)], "x3", raised=False)
def branch_on_state(b, i, s, x):
    c = b.Greater(b.ReduceSum(s, [0], keepdims=0), 0.5)
    s, = b.branch(c, lambda g: [g.Sub(s, x)], lambda g: [g.Add(s, g.Abs(x))])
    return [s], [s]


@program([np.full(3, 1000)], "i3", raised=False)
def rounding_quotient(b, i, s, x):
    s = b.Add(b.Div(s, 3), x)
    return [s], [s]


@program([zeros(3)], "x3 y3", raised=False)
def turned_maximum(b, i, s, x, y):
    s = b.Max(b.Mul(s, x), y)
    return [s], [s]


@program([zeros(3)], "x3", raised=False)
def rounded(b, i, s, x):
    s = b.Round(b.Add(b.Mul(s, 0.7), b.Mul(x, 3.0)))
    return [s], [s]


@program([zeros(3), ones(3)], "x3", raised=False)
def product_of_two(b, i, s, t, x):
    return [b.Add(b.Mul(t, 0.5), x), b.Mul(b.Mul(s, t), 0.3)], [t]


@program([zeros(3)], "x3 y3", raised=False)
def moving_bound(b, i, s, x, y):
    s = b.Max(b.Min(s, x), b.Min(b.Add(s, 1.0), y))
    return [s], [s]
