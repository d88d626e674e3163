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


MOST_NAMED = 6  # of those that miss a target; the tables have all


@dataclass
class Target:
    what: str
    measured: str
    met: bool | None  # None: could not be measured

    def row(self, section):
        unknown = "cannot be judged here" if self.measured else "not measured"
        verdict = {True: "met", False: "**not met**", None: unknown}[self.met]
        return "| %s | %s | %s | %s |" % (section, cell(self.what), cell(self.measured), verdict)


@dataclass
class Result:
    lines: list = field(default_factory=list)  # Markdown
    targets: list = field(default_factory=list)
    data: object = None  # for JSON
    errors: list = field(default_factory=list)  # what could not be measured, and why, a line each

    def finish(self, head):
        """Puts a line first, and says what is missing."""
        self.lines = [head, "", *self.lines]
        if self.errors:
            self.lines += ["", "Not measured:", "", *("- " + cell(error) for error in self.errors)]
            self.targets.append(Target("everything measured", "%d missing" % len(self.errors), False))


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


def at_most(what, limit, rows, key, name, digits=2):
    """A target that each row's value is to keep: tells how many do, and who does not."""
    return _kept(what, [row for row in rows if round(key(row), digits) > limit],
                 sorted(rows, key=key, reverse=True), key, name, number)


def at_least(what, limit, rows, key, name, text=None):
    return _kept(what, [row for row in rows if round(key(row), 2) < limit], sorted(rows, key=key), key, name,
                 text or number)


def _kept(what, missed, worst_first, key, name, text):
    if not worst_first:
        return Target(what, "", None)
    measured = "%d of %d; worst %s" % (len(worst_first) - len(missed), len(worst_first), text(key(worst_first[0])))
    if missed:
        shown = worst_first[:min(len(missed), MOST_NAMED)]
        measured += "; not: " + ", ".join("%s %s" % (name(row), text(key(row))) for row in shown)
        if len(missed) > len(shown):
            measured += " and %d more" % (len(missed) - len(shown))
    return Target(what, measured, not missed)


def percent(value):
    return None if value is None else "%.0f %%" % (100 * value)


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
