#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Fills a folder with seeds and runs a fuzzer: small models, or the artifacts that they compile to.
#   fuzz.sh HEDDLE FUZZER CORPUS SECONDS [LIBFUZZER_OPTION...]
set -euo pipefail
heddle=$1 fuzzer=$2 corpus=$3 seconds=$4
shift 4

mkdir -p "$corpus"
cases=/usr/share/libonnx-testdata/data/node
[ -d "$cases" ] || { echo "Debian's libonnx-testdata is not installed" && exit 77; }
# A kernel, weights and views, a library call, and each kind of sub-graph.
for name in add gemm_all_attributes reshape_negative_dim nonzero_example if loop11 scan9_sum lstm_defaults \
  batchnorm_epsilon constant resize_upsample_sizes_nearest; do
  model=$cases/test_$name/model.onnx
  [ -f "$model" ] || continue
  case $fuzzer in
  *artifact*) "$heddle" compile "$model" --target-cpu x86-64-v2,x86-64-v3 -o "$corpus/$name" || true ;;
  *) cp "$model" "$corpus/$name" ;;
  esac
done
# Operators of com.microsoft, of which Debian has no models.
case $fuzzer in
*importer*) cp "$(dirname "${BASH_SOURCE[0]}")"/seeds/onnx_importer/* "$corpus" ;;
esac
exec "$fuzzer" "$corpus" -max_total_time="$seconds" -max_len=1048576 -rss_limit_mb=3000 -timeout=20 \
  -artifact_prefix="$corpus.found." -print_final_stats=1 "$@"
