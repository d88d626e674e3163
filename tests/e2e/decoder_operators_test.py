#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What decoders of com.microsoft are made of, against numpy: groups of queries, rotations.

    decoder_operators_test.py HEDDLE
"""

import sys

from numpy_models import KINDS, NumpyModels, np
from onnx_bytes import FLOAT, node, tensor

GENERATOR = np.random.default_rng(3)
ANGLES = np.arange(32)[:, None] * 0.1 ** np.arange(4)
COSINES, SINES = np.cos(ANGLES).astype(np.float32), np.sin(ANGLES).astype(np.float32)


def real(*shape):
    return GENERATOR.standard_normal(shape).astype(np.float32)


def rotated(x, positions, interleaved=False):
    """The first 8 elements of the last axis of [batch, sequence, heads, size]."""
    turned, rest = x[..., :8], x[..., 8:]
    first, second = (turned[..., ::2], turned[..., 1::2]) if interleaved else np.split(turned, 2, -1)
    c, s = COSINES[positions][:, :, None], SINES[positions][:, :, None]
    parts = [first * c - second * s, first * s + second * c]
    both = np.stack(parts, -1).reshape(turned.shape) if interleaved else np.concatenate(parts, -1)
    return np.concatenate([both, rest], -1)


def attended(q, k, v, window=None, softcap=0.0):
    """Over [batch, heads, time, size]; queries are the last ones."""
    groups = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[3])
    if softcap:
        scores = np.tanh(scores / softcap) * softcap
    rows = np.arange(q.shape[2])[:, None] + k.shape[2] - q.shape[2]
    keys = np.arange(k.shape[2])
    hidden = (keys > rows) | (keys <= rows - (window or k.shape[2]))
    weights = np.exp(np.where(hidden, -np.inf, scores))
    return weights / weights.sum(-1, keepdims=True) @ v


class Decoders(NumpyModels):
    def of(self, what, op, inputs, results, named, refused=None, options=(), **attributes):
        """All inputs are fed, with dimensions that have names where `named`."""
        present = {f"i{place}": x for place, x in enumerate(inputs) if x is not None}
        names = [f"i{place}" if x is not None else "" for place, x in enumerate(inputs)]

        def dims(name, array):
            # Caches say how many elements rotate.
            is_cache = op == "GroupQueryAttention" and name in ("i7", "i8")
            return [f"{name}_{axis}" if named and not is_cache else size for axis, size in enumerate(array.shape)]
        outputs = {f"o{place}": array for place, array in enumerate(results)}
        self.write([node(op, names, list(outputs), domain="com.microsoft", **attributes)],
                   {name: (KINDS[x.dtype.name], dims(name, x)) for name, x in present.items()},
                   {name: (FLOAT, dims(name, x)) for name, x in outputs.items()}, {})
        if refused:
            for name, x in present.items():
                np.save(self.file(f"{name}.npy"), x)
            given = [word for name in present for word in ("--input", f"{name}={self.file(name)}.npy")]
            code, error = self.run(what, "run", self.program, *given, *options, "--output", self.folder.name)
            if code not in (1, 2) or refused not in error:
                self.wrong(f"{what}: exit code {code}, want a refusal", error)
            return
        self.expect(f"{what} of {'named' if named else 'known'} sizes", present, outputs, *options,
                    agree=lambda a, b: a.shape == b.shape and np.allclose(a, b, rtol=0, atol=1e-4, equal_nan=True))


def attention(check, what, tokens, past, packed=False, rotary=True, interleaved=0, given=False, room=0, lengths=None,
              total=None, refused=None, batch=2, heads=4, groups=2, size=16, window=None, options=(), **attributes):
    """Keys and values of `past` tokens, or of None: no operands for them. What counts of a sequence ends at its place
    in `lengths`; `room` entries, which are no numbers, are behind the past."""
    q, k, v = (real(batch, tokens, count, size) for count in (heads, groups, groups))
    before = [real(batch, groups, past or 0, size) for _ in "kv"]
    before = [np.pad(x, [(0, 0), (0, 0), (0, room), (0, 0)], constant_values=np.nan) for x in before]
    total = total or tokens + (past or 0)
    lengths = np.array(lengths or [total] * batch)
    starts = np.maximum(lengths - tokens, 0) if total > tokens else lengths * 0
    positions = starts[:, None] + np.arange(tokens) + (3 if given else 0)

    def turn(x):
        return (rotated(x, positions, interleaved) if rotary else x).transpose(0, 2, 1, 3)
    turned, present, result = turn(q), [], []
    missing = max(total - before[0].shape[2], 0)
    for cache, new in zip(before, (turn(k), v.transpose(0, 2, 1, 3))):
        cache = np.pad(cache, [(0, 0), (0, 0), (0, missing), (0, 0)])
        for sequence, start in enumerate(starts):
            cache[sequence, :, start:start + tokens] = new[sequence]
        present.append(cache)
    for sequence, start in enumerate(starts):
        keys, values = (cache[sequence:sequence + 1, :, :start + tokens] for cache in present)
        result.append(attended(turned[sequence:sequence + 1], keys, values, window, attributes.get("softcap", 0)))
    if rotary:
        attributes.update(do_rotary=1, rotary_interleaved=interleaved)
    if window:
        attributes.update(local_window_size=window)
    flat = [x.reshape(batch, tokens, -1) for x in (q, k, v)]
    inputs = [*([np.concatenate(flat, -1), None, None] if packed else flat), *(before if past is not None else [None] * 2),
              np.array(lengths - 1, np.int32), np.array(total, np.int32),
              *([COSINES, SINES] if rotary else [None] * 2), positions.astype(np.int64) if given else None]
    for named in (False, True):
        check.of(what, "GroupQueryAttention", inputs,
                 [np.concatenate(result).transpose(0, 2, 1, 3).reshape(batch, tokens, -1), *present], named, refused, options,
                 num_heads=heads, kv_num_heads=groups, **attributes)


def pasts(check):
    """Pasts with room, and sequences of several lengths."""
    attention(check, "sequences of two lengths", 1, 9, lengths=[10, 7])
    attention(check, "a past with room", 1, 9, room=6)
    attention(check, "two lengths and room", 1, 9, room=6, lengths=[7, 10])
    attention(check, "tokens into room", 3, 9, room=6, lengths=[12, 12])
    attention(check, "room for some tokens", 3, 9, room=1)
    attention(check, "the last room", 1, 9, room=1)
    attention(check, "fewer than the total", 1, 9, room=6, lengths=[10, 6], total=15)
    attention(check, "the first tokens into room", 7, 0, room=9, lengths=[7, 7])
    attention(check, "shorter first tokens into room", 7, 0, room=9, lengths=[7, 4])
    attention(check, "one tensor of all into room", 1, 9, room=6, packed=True, lengths=[10, 7])
    attention(check, "room without rotation", 1, 9, room=6, rotary=False, lengths=[10, 7])
    attention(check, "neighbours rotate into room", 1, 9, room=6, interleaved=1, lengths=[10, 7])
    attention(check, "positions given and room", 1, 9, room=6, given=True)
    attention(check, "a window of a past with room", 3, 9, room=6, window=4, lengths=[12, 10])
    attention(check, "capped scores of a past with room", 1, 9, room=6, softcap=1.5)
    for rotary in (True, False):
        attention(check, "more than the total", 1, 9, room=6, rotary=rotary, lengths=[9, 11], refused="an index is outside")
    attention(check, "tokens before the first", 3, 9, room=6, lengths=[9, 1], refused="write index -2")
    attention(check, "a cache that grows", 1, 9, options=["--caches"], groups=1, batch=1)
    attention(check, "a cache with room", 1, 9, room=6, refused="a past that grows in place", options=["--caches"], groups=1,
              batch=1)


def rotations(check):
    x, positions = real(2, 5, 3, 8), GENERATOR.integers(0, 32, (2, 5))
    behind = np.broadcast_to(np.arange(5) + 4, (2, 5))
    for named in (False, True):
        def of(what, given, at, result, **attributes):
            check.of(what, "RotaryEmbedding", [given, at, COSINES, SINES], [result], named, **attributes)
        of("heads before tokens", x.transpose(0, 2, 1, 3), positions, rotated(x, positions).transpose(0, 2, 1, 3))
        of("heads as the caches say", x.reshape(2, 5, 24), positions, rotated(x, positions).reshape(2, 5, 24))
        of("the first position", x.reshape(2, 5, 24), np.array([4]), rotated(x, behind).reshape(2, 5, 24))
        of("neighbours", x.reshape(2, 5, 24), positions, rotated(x, positions, True).reshape(2, 5, 24), interleaved=1)
        wide = real(2, 5, 3, 12)
        of("parts of heads", wide.reshape(2, 5, 36), positions, rotated(wide, positions).reshape(2, 5, 36), num_heads=3,
           rotary_embedding_dim=8)


def heads(check):
    """Of 2 sequences: 5 queries, 7 keys, 2 heads of 4."""
    q, k, v, more = real(2, 5, 8), real(2, 7, 8), real(2, 7, 8), real(24)

    def apart(x):
        return x.reshape(2, -1, 2, 4).transpose(0, 2, 1, 3)

    def joined(x):
        return x.transpose(0, 2, 1, 3).reshape(2, -1, 8)

    def result(q, k, v, added=0.0):
        scores = apart(q) @ apart(k).transpose(0, 1, 3, 2) / 2 + added
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return joined(weights / weights.sum(-1, keepdims=True) @ apart(v))

    def of(what, inputs, results, op="MultiHeadAttention", **how):
        check.of(what, op, inputs, results, False, num_heads=2, **how)
    added = [q + more[:8], k + more[8:16], v + more[16:]]
    of("keys and values as results", [q, k, v], [result(q, k, v), apart(k), apart(v)])
    of("biased keys and values as results", [q, k, v, more], [result(*added), *map(apart, added[1:])])
    of("keys of another attention", [q, apart(k), apart(v)], [result(q, k, v)])
    of("their bias is the queries'", [q, apart(k), apart(v), more], [result(added[0], k, v)])
    packed = real(2, 5, 2, 3, 4)
    of("one tensor of all three", [packed], [result(*(packed[:, :, :, part].reshape(2, 5, 8) for part in range(3)))])
    both = real(2, 7, 2, 2, 4)
    of("one tensor of keys and values", [q, both], [result(q, *(both[:, :, :, part].reshape(2, 7, 8) for part in range(2)))])
    counted = np.arange(7) < np.array([[3], [7]])
    lengths = np.where(counted, 0, -10000.0)[:, None, None]
    some = GENERATOR.integers(0, 2, (2, 5, 7)).astype(np.int32)
    of("a number of keys", [q, k, v, None, np.array([3, 7], np.int32)], [result(q, k, v, lengths)])
    of("a number of another's keys", [q, apart(k), apart(v), None, np.array([3, 7], np.int32)], [result(q, k, v, lengths)])
    past = [real(2, 2, 4, 4) for _ in "kv"]
    whole = [np.concatenate(pair, 2) for pair in zip(past, (apart(k[:, :3]), apart(v[:, :3])))]
    of("a number of keys with those of a past", [q, k[:, :3], v[:, :3], None, np.array([3, 7], np.int32), None, *past],
       [result(q, joined(whole[0]), joined(whole[1]), lengths), *whole])
    of("keys for each query", [q, k, v, None, some], [result(q, k, v, (1 - some[:, None]) * -10000.0)])
    of("sums of keys before", [q, k, v, None, np.arange(8, dtype=np.int32)], [q], refused="cannot give 8 elements")
    weights = real(8, 24)
    parts = np.split(q @ weights + more, 3, -1)
    of("a number of projected keys", [q, weights, more, np.array([2, 5], np.int32)],
       [result(*parts, np.where(np.arange(5) < [[2], [5]], 0, -10000.0)[:, None, None]), np.stack([apart(x) for x in parts[1:]])],
       "Attention")


def main():
    check = Decoders(sys.argv[1])
    heads(check)
    rotations(check)
    attention(check, "a token", 1, 9)
    attention(check, "the first tokens", 7, 0)
    attention(check, "no past", 7, None)
    attention(check, "tokens behind others", 3, 9)
    attention(check, "one tensor of all", 2, 5, packed=True)
    attention(check, "no rotation", 1, 6, rotary=False)
    attention(check, "neighbours rotate", 2, 6, interleaved=1)
    attention(check, "positions given", 2, 6, given=True)
    attention(check, "a window", 4, 8, window=3)
    attention(check, "whole heads", 2, 6, size=8)
    attention(check, "shorter first tokens", 7, 0, lengths=[7, 4])
    pasts(check)
    check.finish()


main()
