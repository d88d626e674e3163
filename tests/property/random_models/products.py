# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of matrices, plain attention, and weights that several products read."""

EQUATIONS = ("ij,jk->ik", "bij,bjk->bik", "bhid,bhjd->bhij", "ij->ji", "ii->i", "bij->bj", "i,j->ij", "bij,bij->b",
             "bhij,bhjd->bihd", "ij,j->i", "ijk,k->ij", "abc,bd->acd", "ij,jk", "bn,bnm->bm", "abcd,abed->abce")


def matmul(g):
    value = g.real(least_rank=1, kinds=("f4", "f4", "f4", "f4", "f8", "f2"))
    depth, columns = value.shape[-1], g.integer(1, 40)
    shape = g.pick([depth], [depth, columns], [depth, columns], g.broadcastable(value.shape[:-2]) + [depth, columns])
    return g.add("MatMul", value, g.like(value, shape))


def by_its_transpose(g):
    value = g.real(least_rank=2, kinds=("f4",))
    order = list(range(value.rank))
    turned = g.add("Transpose", value, perm=order[:-2] + [order[-1], order[-2]], exact=True)
    return turned and g.add("MatMul", *g.pick((value, turned[0]), (turned[0], value)))


def shared_weights(g):
    """One matrix as the weights of several products, as either operand, and as it is."""
    size = g.pick(3, 8, 16, 17, 33)
    weights = g.leaf([size, size], constant=g.chance(0.8))
    value = g.leaf(g.shape(g.pick(1, 2)) + [size])
    first = g.add("MatMul", value, weights)
    other = g.pick("twice", "square", "both sides", "turned", "added")
    if first is None or other == "twice":
        return first and g.add("MatMul", first[0], weights)
    if other == "square":
        return g.add("MatMul", weights, weights)
    if other == "both sides":
        return g.add("MatMul", weights, g.leaf([size, g.pick(1, 4, 20)]))
    if other == "turned":
        return g.add("Gemm", g.leaf([g.pick(1, 5), size]), weights, transB=1)
    return g.add("Add", first[0], weights) if value.shape[-2] in (1, size) else None


def gemm(g):
    value = g.real(rank=2, kinds=("f4", "f4", "f4", "f8", "f2"))
    turn_a, turn_b, columns = g.integer(0, 2), g.integer(0, 2), g.integer(1, 40)
    rows, depth = value.shape[::-1] if turn_a else value.shape
    added = g.like(value, g.pick([columns], [rows, columns], [1, columns], [rows, 1], [], [1])) if g.chance(0.7) else None
    return g.add("Gemm", value, g.like(value, [columns, depth] if turn_b else [depth, columns]), added, transA=turn_a,
                 transB=turn_b, alpha=g.pick(1.0, 1.0, 0.5, 2.0), beta=g.pick(1.0, 1.0, 0.5, 0.0))


def einsum(g):
    equation, sizes = g.pick(*EQUATIONS), {}
    operands = [g.leaf([sizes.setdefault(letter, g.integer(1, 9)) for letter in term])
                for term in equation.split("->", maxsplit=1)[0].split(",")]
    return g.add("Einsum", *operands, equation=equation)


def attention(g):
    batch, heads, queries, size = g.integers(1, 5, 4)
    keys = g.integer(1, 9)
    q, k, v = (g.leaf([batch, heads, *dims], constant=False) for dims in ((queries, size), (size, keys), (keys, size)))
    scores = g.add("MatMul", q, k)
    scores = scores and g.add("Mul", scores[0], g.leaf([], constant=True))
    if scores and g.chance(0.5):
        scores = g.add("Add", scores[0], g.leaf(g.pick([queries, keys], [batch, 1, 1, keys], [1, 1, queries, keys])))
    weights = scores and g.add("Softmax", scores[0], axis=-1)
    return weights and g.add("MatMul", weights[0], v)


def attention_operator(g):
    batch, heads, queries, size, keys, values = g.integers(1, 6, 6)
    groups = g.divisor(heads)
    past = g.integer(1, 5) if g.chance(0.3) else 0
    q, k, v = (g.leaf([batch, count, time, width]) for count, time, width in
               ((heads, queries, size), (groups, keys, size), (groups, keys, values)))
    mask = g.leaf(g.pick([queries, keys + past], [batch, 1, queries, keys + past])) if g.chance(0.4) else None
    before = [g.leaf([batch, groups, past, width]) for width in (size, values)] if past else []
    if before and mask is None:
        return None
    return g.add("Attention", q, k, v, mask, *before, results=3 if before else 1, is_causal=int(g.chance(0.3)),
                 scale=g.pick(None, 0.3), softcap=g.pick(None, None, 2.0))


FAMILIES = [*[matmul] * 3, by_its_transpose, shared_weights, gemm, gemm, einsum, attention, attention_operator]
