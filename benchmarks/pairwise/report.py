# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Results as Markdown, and the file that prose and measurements share.

In that file, what stands between `<!-- measured: NAME -->` and `<!-- end: NAME -->` belongs to the
program and is replaced; everything else belongs to its authors and stays. The block `targets` has a
row for each target of each section; a run of some sections replaces their rows.
"""

import math
import re
import statistics
from dataclasses import dataclass, field


@dataclass
class Target:
    what: str
    measured: str
    met: bool | None  # None: could not be measured

    def row(self, section):
        verdict = {True: "met", False: "**not met**", None: "not measured"}[self.met]
        return "| %s | %s | %s | %s |" % (section, cell(self.what), cell(self.measured), verdict)


@dataclass
class Result:
    lines: list = field(default_factory=list)  # Markdown
    targets: list = field(default_factory=list)
    data: object = None  # for JSON


def cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    return str(value).replace("|", "/").replace("\n", " ")


def number(value):
    if value is None or math.isnan(value):
        return ""
    if abs(value) >= 100:
        return "%.0f" % value
    text = "%.3g" % value
    return "%.6f" % value if "e" in text else text


def table(heads, rows):
    """Columns whose head begins with "#" are numbers."""
    lines = ["| " + " | ".join(head.lstrip("#") for head in heads) + " |",
             "|" + "|".join("--:" if head.startswith("#") else "---" for head in heads) + "|"]
    return lines + ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def worst(rows, key, name, count=5):
    """"a 1.3, b 1.1": the names of the rows with the largest values."""
    ordered = sorted(rows, key=key, reverse=True)
    text = ", ".join("%s %s" % (name(row), number(key(row))) for row in ordered[:count])
    return text + (" and %d more" % (len(ordered) - count) if len(ordered) > count else "")


def at_most(what, limit, rows, key, name, digits=2):
    """A target that each row's value is to keep: tells how many do, and who does not."""
    if not rows:
        return Target(what, "", None)
    above = [row for row in rows if round(key(row), digits) > limit]
    values = [key(row) for row in rows]
    text = "%d of %d; worst %s" % (len(rows) - len(above), len(rows), number(max(values)))
    if above:
        text += "; above: " + worst(above, key, name)
    return Target(what, text, not above)


def _block(name, lines):
    return "<!-- measured: %s -->\n%s\n<!-- end: %s -->" % (name, "\n".join(lines), name)


def replace_block(text, name, lines, title):
    """The text with the block's lines replaced; a block that it does not have comes last."""
    pattern = re.compile(r"<!-- measured: %s -->\n.*?<!-- end: %s -->" % (re.escape(name), re.escape(name)), re.DOTALL)
    block = _block(name, lines)
    if pattern.search(text):
        return pattern.sub(lambda _: block, text, count=1)
    return text.rstrip("\n") + "\n\n## %s\n\n%s\n" % (title, block)


TARGETS_HEAD = table(["section", "target", "measured", ""], [])


def target_rows(text, results, order):
    """The rows of the block `targets`: those of sections that did not run are kept."""
    rows = {}
    found = re.search(r"<!-- measured: targets -->\n(.*?)<!-- end: targets -->", text, re.DOTALL)
    for line in found.group(1).splitlines()[len(TARGETS_HEAD):] if found else []:
        if line.startswith("| "):
            rows.setdefault(line.split("|")[1].strip(), []).append(line)
    for name, result in results.items():
        rows[name] = [target.row(name) for target in result.targets]
    return TARGETS_HEAD + [row for name in order for row in rows.get(name, [])]


def updated(text, results, titles):
    """The file's text after a run; `titles` names all sections in their order."""
    if "<!-- measured: targets -->" not in text:
        text = text or "# Heddle beside ONNX Runtime\n"
    text = replace_block(text, "targets", target_rows(text, results, list(titles)), "Targets")
    for name, result in results.items():
        text = replace_block(text, name, result.lines, titles[name])
    return text
