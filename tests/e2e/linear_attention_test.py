#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Linear attention in all of its forms against a loop in float64.

usage: linear_attention_test.py HEDDLE [COUNT [SEED]]

Random programs: sizes that are ragged, 0 and 1, known and symbolic; states that differ in rows and
columns; decays and rates for each element or for all, some of them 0 or tiny. Some grow so fast that
their products overflow, where a state of zeros stays one until the last step.
"""
import random
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("no numpy: nothing to compare with")
    sys.exit(77)

FORMS = ("recurrent", "chunk", "tree")
TOLERANCE = {"f32": 1e-5, "f64": 1e-12}


def tensor_type(sizes, names, element):
    shape = "".join(f"{'?' if name else size}x" for size, name in zip(sizes, names))
    dims = ", ".join(f'"{name or size}"' for size, name in zip(sizes, names))
    encoding = f", #heddle.dims<[{dims}]>" if any(names) else ""
    return f"tensor<{shape}{element}{encoding}>"


class Program:
    def __init__(self, r):
        self.update = r.choice(["add", "delta"])
        self.element = r.choice(["f32", "f32", "f64"])
        self.length = r.choice([0, 1, 2, 15, 16, 17, 64, 65, 130, 200])
        self.batch = r.choice([(), (1,), (3,), (2, 3), (2, 1, 2)])
        self.rows = r.choice([1, 2, 5, 8, 17, 24, 64])
        self.columns = r.choice([1, 3, 8, 16, 17, 20, 32, 48, 70])
        self.reads_before = r.random() < 0.3
        names = ["L" if r.random() < 0.4 else None]
        names += [f"b{i}" if r.random() < 0.2 else None for i in range(len(self.batch))] + [None]
        self.names = names
        self.decay = self.broadcast(r, (self.length, *self.batch, self.rows))
        self.rate = self.broadcast(r, (self.length, *self.batch, 1))
        self.grows = r.random() < 0.2

    @staticmethod
    def broadcast(r, full):
        """Sizes that broadcast to these: some are 1, the first ones may be missing; or none at all."""
        if r.random() < 0.25:
            return None
        sizes = [size if r.random() < 0.6 else 1 for size in full]
        return tuple(sizes[r.randrange(len(sizes)):] if r.random() < 0.3 else sizes)

    def types(self):
        length, *batch = self.names[:-1]
        sizes, names = (self.length, *self.batch), (length, *batch)

        def broadcast(own):
            of = self.names[len(self.names) - len(own):]
            return tensor_type(own, [name if size != 1 else None for size, name in zip(own, of)],
                               self.element)

        query = tensor_type((*sizes, self.rows), (*names, None), self.element)
        value = tensor_type((*sizes, self.columns), (*names, None), self.element)
        state = tensor_type((*self.batch, self.rows, self.columns), (*batch, None, None), self.element)
        types = {"q": query, "k": query, "v": value, "s": state}
        if self.decay is not None:
            types["g"] = broadcast(self.decay)
        if self.rate is not None:
            types["b"] = broadcast(self.rate)
        return types

    def text(self):
        types = self.types()
        arguments = ", ".join(f'%{n}: {t} {{heddle.name = "{n}"}}' for n, t in types.items())
        operands = "%q, %k, %v from %s"
        operands += " decay %g" if "g" in types else ""
        operands += " rate %b" if "b" in types else ""
        attributes = " {reads_before}" if self.reads_before else ""
        v, s = types["v"], types["s"]
        return f"""func.func @main({arguments}) -> ({v} {{heddle.name = "o"}}, {s} {{heddle.name = "last"}}) {{
  %o, %last = heddle.linear_attention "{self.update}" {operands}{attributes} : ({", ".join(types.values())}) -> ({v}, {s})
  return %o, %last : {v}, {s}
}}
"""

    def inputs(self, seed):
        r = np.random.default_rng(seed)
        sizes = (self.length, *self.batch)
        x = {"q": r.standard_normal((*sizes, self.rows)) / np.sqrt(self.rows),
             "k": r.standard_normal((*sizes, self.rows)),
             "v": r.standard_normal((*sizes, self.columns)),
             "s": r.standard_normal((*self.batch, self.rows, self.columns))}
        x["k"] /= np.maximum(np.linalg.norm(x["k"], axis=-1, keepdims=True), 1e-9)
        if self.decay is not None:
            x["g"] = r.uniform(0.6, 1, self.decay)
            kind = r.uniform(size=self.decay)
            x["g"] = np.where(kind < 0.05, 0, np.where(kind < 0.1, 1e-30, x["g"]))
            if self.grows:
                x["g"] = np.full(self.decay, 1e25)
                x["s"][...] = 0
                x["v"][:-1] = 0
        if self.rate is not None:
            x["b"] = r.uniform(0, 1, self.rate)
        return {n: v.astype(np.float32 if self.element == "f32" else np.float64) for n, v in x.items()}

    def reference(self, inputs):
        x = {name: value.astype(np.float64) for name, value in inputs.items()}
        q, k, v, state = x["q"], x["k"], x["v"], x["s"]
        decay = np.broadcast_to(x.get("g", 1.0), q.shape)
        rate = np.broadcast_to(x.get("b", 1.0), (*q.shape[:-1], 1))
        output = np.zeros_like(v)
        read = lambda by: np.einsum("...rc,...r->...c", state, by)
        for t in range(self.length):
            if self.reads_before:
                output[t] = read(q[t])
            state = state * decay[t][..., None]
            learned = rate[t] * (v[t] - (read(k[t]) if self.update == "delta" else 0))
            state = state + k[t][..., None] * learned[..., None, :]
            if not self.reads_before:
                output[t] = read(q[t])
        return output, state


def run(heddle, folder, text, form, inputs):
    model, artifact = f"{folder}/model.mlir", f"{folder}/{form}.heddle"
    with open(model, "w") as file:
        file.write(text)
    arguments = []
    for name, value in inputs.items():
        np.save(f"{folder}/{name}.npy", value)
        arguments += ["--input", f"{name}={folder}/{name}.npy"]
    for command in ([heddle, "compile", model, "-o", artifact, "--scan-form", form],
                    [heddle, "run", artifact, "--output", folder, *arguments]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return np.load(f"{folder}/o.npy"), np.load(f"{folder}/last.npy")


def distance(found, expected):
    if found.shape != expected.shape:
        return float("inf")
    if expected.size == 0:
        return 0.0
    return np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-30)


def main():
    heddle, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8
    r = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            program = Program(r)
            inputs = program.inputs(number)
            expected = program.reference(inputs)
            for form in FORMS:
                found = run(heddle, folder, program.text(), form, inputs)
                error = max(distance(f, e) for f, e in zip(found, expected))
                if not error <= TOLERANCE[program.element]:
                    bad += 1
                    print(f"program {number}, {form}: error {error:.2g}\n{program.text()}")
    print(f"{count} programs in {len(FORMS)} forms, {bad} differ")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
