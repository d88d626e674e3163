# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The few figures of README.md, from a run of everything."""

from pairwise.report import geometric_mean, table

# (model, case, what it is)
SHOWN = [("ultraface_slim320", "default", "face detection"), ("silero_vad_v5", "576", "voice activity"),
         ("stories260k_kv", "decode past127", "language, decoding"), ("oww_embedding", "16", "speech"),
         ("minilm_l6_synth", "1x128", "sentence embedding"), ("whisper_tiny_dec_merged_synth", "step past64", "speech, a step"),
         ("ppocr_v4_det", "736x1280", "text detection"), ("yolox_nano", "416", "object detection"),
         ("light_resnet50", "default", "image classes")]


def lines_of(sections, version):
    """Markdown, or None where a section that it needs is missing."""
    data = {name: sections.get(name, {}).get("data") for name in ("models", "start", "compile")}
    if not all(data.values()):
        return None
    ratios = {(row["model"], row["case"], row["threads"]): row["ratio"] for row in data["models"]}
    counts = sorted({threads for _, _, threads in ratios})
    rows = [["%s (%s)" % (model, what), *("%.2f" % ratios[model, case, threads] for threads in counts)]
            for model, case, what in SHOWN if all((model, case, threads) in ratios for threads in counts)]
    means = ["%.2f" % geometric_mean([ratio for (_, _, count), ratio in ratios.items() if count == threads])
             for threads in counts]
    cases = len(ratios) // len(counts)
    rows.append(["**geometric mean of all %d cases**" % cases, *("**%s**" % mean for mean in means)])
    seconds = [row["cold"] for row in data["compile"]]
    loads = [row["heddle"]["load"] for row in data["start"]]
    heads = ["model", *("#%d thread%s" % (threads, "s" if threads > 1 else "") for threads in counts)]
    return ["Ratio of Heddle's median latency to ONNX Runtime %s's, both run in turns in one run "
            "([docs/BENCHMARKS.md](docs/BENCHMARKS.md) has" % version,
            "every model, and the other targets with what falls short; below 1 Heddle is faster):", "",
            *table(heads, rows), "",
            "Compiling takes %.1f to %.1f s for each of the %d models on this machine's cores, loading an artifact %.1f to "
            "%.1f ms." % (min(seconds), max(seconds), len(seconds), min(loads), max(loads))]
