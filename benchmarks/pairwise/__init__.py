# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What benchmarks/vs_onnxruntime measures, and how it reports that.

A section (sections/) is a module with TITLE, NEEDS_PEER, PROGRAMS and measure(bench) -> report.Result. Bench
(bench.py) has the models, their artifacts and the measurements that several sections read;
turns.py takes them.
"""
