# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of one scan as MLIR text, for tests and benchmarks. Standard library only.

    affine((8,)).text(1000)                       # s = a s + b for 8 points, as heddle.scan
    affine((8,), "f64").text("n", loop=True)      # the same as an onnx.Scan of any length n

Inputs are the initial states and the elements by their names, outputs `last0`, `last1`, ... and `all0`,
`all1`, ..., the states after the last step and after each step.
"""


def tensor(shape, element):
    dims = "".join("%sx" % ("?" if isinstance(d, str) else d) for d in shape)
    names = ", ".join('"%s"' % d for d in shape)
    known = ", #heddle.dims<[%s]>" % names if any(isinstance(d, str) for d in shape) else ""
    return "tensor<%s%s%s>" % (dims, element, known)


class Body:
    """The operations of a region, written one by one; all have the type of their widest operand."""

    def __init__(self, types):
        self.types, self.lines = dict(types), []

    def do(self, name, *operands):
        shape, element = max((self.types[o] for o in operands), key=lambda t: (len(t[0]), t[0]))
        result = "%%v%d" % len(self.lines)
        self.types[result] = (shape, element)
        self.lines.append('    %s = "onnx.%s"(%s) : (%s) -> %s\n' % (
            result, name, ", ".join(operands), ", ".join(tensor(*self.types[o]) for o in operands),
            tensor(shape, element)))
        return result


class Scan:
    """`apply` takes a Body, states and elements to the next states; `combine` two tuples of elements
    to one. `states` and `elements` are (name, shape, element type)."""

    def __init__(self, states, elements, apply, combine):
        self.states, self.elements = states, elements
        self.apply, self.combine = apply, combine

    def region(self, function, groups, yielded, terminator):
        arguments = [("%%%s%d" % (name, i), shape, t)
                     for i, group in enumerate(groups) for name, shape, t in group]
        body = Body((name, (shape, t)) for name, shape, t in arguments)
        names = iter(name for name, _, _ in arguments)
        results = function(body, *[[next(names) for _ in group] for group in groups])
        results *= len(yielded) // len(results)
        return "  ^bb0(%s):\n%s    %s %s : %s\n" % (
            ", ".join("%s: %s" % (name, tensor(shape, t)) for name, shape, t in arguments),
            "".join(body.lines), terminator, ", ".join(results), ", ".join(yielded))

    def text(self, length, form=None, loop=False, keeps=None):
        states = [tensor(shape, t) for _, shape, t in self.states]
        element = [tensor(shape, t) for _, shape, t in self.elements]
        elements = [tensor((length,) + tuple(shape), t) for _, shape, t in self.elements]
        results = states + [tensor((length,) + tuple(shape), t) for _, shape, t in self.states]
        init = ["%" + name for name, _, _ in self.states]
        over = ["%" + name for name, _, _ in self.elements]
        names = ["%s%d" % (kind, i) for kind in ("last", "all") for i in range(len(states))]
        kept = [i for i in range(len(names)) if keeps is None or names[i] in keeps]
        join = ", ".join
        text = "func.func @main(%s) -> (%s) {\n" % (
            join('%s: %s {heddle.name = "%s"}' % (name, t, name[1:])
                 for name, t in zip(init + over, states + elements)),
            join('%s {heddle.name = "%s"}' % (results[i], names[i]) for i in kept))
        if loop:
            text += '  %%r:%d = "onnx.Scan"(%s) ({\n%s  }) {num_scan_inputs = %d : i64} : (%s) -> (%s)\n' % (
                len(results), join(init + over),
                self.region(self.apply, [self.states, self.elements], states * 2, "onnx.Yield"),
                len(over), join(states + elements), join(results))
        else:
            text += "  %%r:%d = heddle.scan (%s : %s) over (%s : %s) -> (%s) %sapply {\n%s  } combine {\n%s  }\n" % (
                len(results), join(init), join(states), join(over), join(elements), join(results),
                'attributes {form = "%s"} ' % form if form else "",
                self.region(self.apply, [self.states, self.elements], states, "heddle.yield"),
                self.region(self.combine, [self.elements, self.elements], element, "heddle.yield"))
        return text + "  return %s : %s\n}\n" % (join("%%r#%d" % i for i in kept),
                                                 join(results[i] for i in kept))


def affine(shape, element="f32", rate=None):
    """s = a s + b; `rate` is the shape of a."""
    def apply(b, s, x):
        return [b.do("Add", b.do("Mul", x[0], s[0]), x[1])]

    def combine(b, x, y):
        return [b.do("Mul", y[0], x[0]), b.do("Add", b.do("Mul", y[0], x[1]), y[1])]

    rate = shape if rate is None else rate
    return Scan([("s", shape, element)], [("a", rate, element), ("b", shape, element)], apply, combine)


def folded(operator, shape, element):
    """The sum, the maximum, ... of all elements so far."""
    def both(b, x, y):
        return [b.do(operator, x[0], y[0])]

    return Scan([("s", shape, element)], [("b", shape, element)], both, both)


def products(size, element="f32"):
    """x = x A, the steps of which are no element-wise ones."""
    def apply(b, s, x):
        return [b.do("MatMul", s[0], x[0])]

    matrix = (size, size)
    return Scan([("s", matrix, element)], [("a", matrix, element)], apply, apply)


def softmax(rows, points, element="f32"):
    """The greatest logit m, the sum u of exponentials and the weighted sum w of an online softmax."""
    def merge(b, x, y):
        most = b.do("Max", x[0], y[0])
        old, new = (b.do("Exp", b.do("Sub", z[0], most)) for z in (x, y))
        return [most] + [b.do("Add", b.do("Mul", x[i], old), b.do("Mul", y[i], new)) for i in (1, 2)]

    def parts(names):
        shapes = [(rows, 1), (rows, 1), (rows, points)]
        return [(name, shape, element) for name, shape in zip(names, shapes)]

    return Scan(parts("muw"), parts("xyz"), merge, merge)
