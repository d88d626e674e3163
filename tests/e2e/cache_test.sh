# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Kernels kept between compilations: other models find them, artifacts are the same with and without, and
# whatever happens to the folder costs time only.
source "$(dirname "$0")/program_test.sh"

export HEDDLE_CACHE_DIR=$work/cache
model=$cases/node/test_softmax_axis_2/model.onnx
kernels() { ls "$HEDDLE_CACHE_DIR"/*.kernel 2>/dev/null | wc -l; }

expect 0 "$heddle" compile "$model" -o "$work/none" --no-cache
[ ! -e "$HEDDLE_CACHE_DIR" ] || wrong "--no-cache made a cache"
expect 0 "$heddle" compile "$model" -o "$work/cold"
[ "$(kernels)" -gt 0 ] || wrong "no kernel was kept"
[ "$(stat -c %a "$HEDDLE_CACHE_DIR")" = 700 ] || wrong "others may look into the cache"
before=$(kernels)
expect 0 "$heddle" compile "$model" -o "$work/warm"
[ "$(kernels)" -eq "$before" ] || wrong "a second compilation kept something else"
cmp "$work/none" "$work/cold" || wrong "the first artifact differs from one made without a cache"
cmp "$work/none" "$work/warm" || wrong "kernels that were found give another artifact"

# A kernel is found whatever model it is of: here one that calls the last axis by another name.
expect 0 "$heddle" compile "$cases/node/test_softmax_negative_axis/model.onnx" -o "$work/other"
[ "$(kernels)" -eq "$before" ] || wrong "the same kernel of another model was compiled again"

# Other options and other CPUs are other kernels.
expect 0 "$heddle" compile "$model" -o "$work/o1" -O1
[ "$(kernels)" -gt "$before" ] || wrong "-O1 took the code of -O3"
before=$(kernels)
expect 0 "$heddle" compile "$model" -o "$work/v2" --target-cpu x86-64-v2
[ "$(kernels)" -gt "$before" ] || wrong "x86-64-v2 took this machine's code"

# Damage is noticed and mended.
for damage in cut flip empty; do
  for file in "$HEDDLE_CACHE_DIR"/*.kernel; do
    case $damage in
    cut) truncate -s -1 "$file" ;;
    flip) printf '\377' | dd of="$file" bs=1 seek=200 conv=notrunc status=none ;;
    empty) : >"$file" ;;
    esac
  done
  expect 0 "$heddle" compile "$model" -o "$work/mended"
  cmp "$work/none" "$work/mended" || wrong "a damaged cache ($damage) gives another artifact"
  expect 0 "$heddle" compile "$model" -o "$work/mended"
  cmp "$work/none" "$work/mended" || wrong "a mended cache ($damage) gives another artifact"
done

# Several at once.
rm -rf "$HEDDLE_CACHE_DIR"
for i in 1 2 3 4; do "$heddle" compile "$model" -o "$work/beside$i" 2>"$work/err$i" & done
wait
for i in 1 2 3 4; do cmp "$work/none" "$work/beside$i" || wrong "compilation $i of four differs"; done

# What it says of itself.
expect 0 "$heddle" cache
says 'kernels'
expect 0 "$heddle" cache --clear kernels --json
says '"folder"'
[ "$(kernels)" -eq 0 ] || wrong "--clear kernels left some"
expect 2 "$heddle" cache --clear everything
chmod go+w "$HEDDLE_CACHE_DIR"
expect 2 "$heddle" cache
complains 'others may write'
expect 0 "$heddle" compile "$model" -o "$work/unused"
cmp "$work/none" "$work/unused" || wrong "a folder that is not used changes the artifact"
[ "$(kernels)" -eq 0 ] || wrong "a folder that others may write to was used"

finish
