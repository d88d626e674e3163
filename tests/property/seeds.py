# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests of models that come from seeds: their options, the peer they are compared with, and many seeds at once."""

import collections
import concurrent.futures
import os

from pairwise.peers import installed_library

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))), "build", "peers")


def add_options(parser, count, failed):
    parser.add_argument("--seed", type=int, default=1, help="of the first model; the next ones count up")
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--failed", default=failed, metavar="FOLDER")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--peer", metavar="PROGRAM")
    parser.add_argument("--node-modules", metavar="FOLDER", default=PEERS)


def peer_of(options):
    """The command that runs a model in ONNX Runtime; None where it was not asked for or cannot be had."""
    if not options.peer:
        return None
    library = installed_library(options.node_modules)
    if library and os.path.exists(options.peer):
        return [options.peer, library]
    print(f"SKIPPED: no ONNX Runtime in {options.node_modules} or no {options.peer}: nothing is compared with it")
    return None


def try_all(options, try_seed, *shared):
    """Calls try_seed(seed, options, *shared), which says how it ended and the lines to print. The exit code."""
    ends = collections.Counter()
    seeds = range(options.seed, options.seed + options.count)
    with concurrent.futures.ProcessPoolExecutor(options.workers) as pool:
        for end, lines in pool.map(try_seed, seeds, *([value] * len(seeds) for value in (options, *shared))):
            ends[end] += 1
            for line in lines:
                print(line, flush=True)
    print(f"{options.count} models from seed {options.seed}: " + ", ".join(f"{count} {end}" for end, count in ends.items()))
    return 1 if ends["wrong"] else 0
