# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""All systems, or those named: a table, or JSON."""

import argparse
import collections
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common.check import check
from common.system import System, names


def constructs_text(constructs):
    kinds = collections.Counter(c["kind"] + (f" ({c['form']})" if c["form"] else "") for c in constructs)
    return ", ".join(kind if count == 1 else f"{count} {kind}" for kind, count in kinds.items()) or "none"


def number(value, form):
    return "-" if value is None else format(value, form)


def cells(row):
    ratio = row["sequential_ms"] and row["parallel_ms"] and row["sequential_ms"] / row["parallel_ms"]
    return [row["name"], "yes" if row["ok"] else "NO", constructs_text(row["constructs"]),
            number(row["max_error"], ".1e"), number(row["tolerance"], ".0e"), number(row["work"], ",d"),
            number(row["span"], ",d"), number(row["sequential_ms"], ".3f"), number(row["parallel_ms"], ".3f"),
            number(ratio, ".2f"), row["paper"]]


HEADER = ["system", "ok", "found", "max error", "tolerance", "work", "span", "sequential ms",
          "parallel ms", "ratio", "the paper"]


def line(columns):
    return "| " + " | ".join(columns) + " |"


def finite(value):
    """JSON has no infinities."""
    if isinstance(value, dict):
        return {key: finite(v) for key, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main():
    parser = argparse.ArgumentParser(prog="scripts/systems.sh", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="systems; all unless given")
    parser.add_argument("--small", action="store_true", help="the sizes of tests, without careful times")
    parser.add_argument("--json", action="store_true", help="a list instead of the table")
    parser.add_argument("--counts", action="store_true", help="end with a line 'N passed, N failed, 0 skipped'")
    parser.add_argument("--list", action="store_true", help="print the names and run nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"there is no system {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    if options.list:
        return print("\n".join(names()))
    if not options.json:
        print(line(HEADER), line(["---"] * len(HEADER)), sep="\n", flush=True)
    rows = []
    for name in options.names or names():
        rows.append(check(System(name), "small" if options.small else "normal", 1 if options.small else 3))
        if not options.json:
            print(line(cells(rows[-1])), flush=True)
    if options.json:
        print(json.dumps(finite(rows), indent=1))
    else:
        for row in rows:
            for what in row["failed"]:
                print(f"{row['name']}: {what.strip()}")
    good = sum(row["ok"] for row in rows)
    if options.counts:
        print(f"{good} passed, {len(rows) - good} failed, 0 skipped")
    return 0 if good == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
