# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The sections of the report in its order, by name."""

from pairwise.sections import (allocations, attention, chain, compiling, convolutions, executor, latency, memory,
                               portability, precision, products, scaling, sessions, start)

SECTIONS = {
    "models": latency,
    "scaling": scaling,
    "memory": memory,
    "start": start,
    "compile": compiling,
    "sessions": sessions,
    "chain": chain,
    "gemm": products,
    "attention": attention,
    "convolutions": convolutions,
    "executor": executor,
    "allocations": allocations,
    "precision": precision,
    "portability": portability,
}
