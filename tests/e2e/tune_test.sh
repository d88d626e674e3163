# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Schedules: what kernels could have, what they are given, and what is found and kept.
source "$(dirname "$0")/program_test.sh"

export HEDDLE_CACHE_DIR=$work/cache
model=$cases/node/test_conv_with_strides_padding/model.onnx
data=$cases/node/test_conv_with_strides_padding/test_data_set_0

# What there is to choose.
expect 0 "$heddle" compile "$model" -o "$work/list.json" --emit schedules
grep -q '"name": "convolution.panels"' "$work/list.json" || wrong "no choice for a convolution"
signature=$(sed -n 's/.*"signature": "\([0-9a-f]*\)".*/\1/p' "$work/list.json" | head -1)
[ -n "$signature" ] || wrong "no signature"

# What is given is used, and computes the same; what is not understood counts for nothing.
kernels() { "$heddle" compile "$model" -o "$work/$1.o" --emit object "${@:2}" 2>/dev/null && sha256sum <"$work/$1.o"; }
echo "{\"kernels\": {\"$signature\": {\"convolution.panels\": 1, \"convolution.rowBlock\": 2}}}" >"$work/other.json"
echo "{\"kernels\": {\"$signature\": {\"convolution.panels\": 77, \"what is that\": 1}}}" >"$work/odd.json"
[ "$(kernels usual)" != "$(kernels other --schedules "$work/other.json")" ] || wrong "a schedule changed nothing"
[ "$(kernels usual)" = "$(kernels odd --schedules "$work/odd.json")" ] || wrong "nonsense in a schedule changed something"
for kind in usual other; do
  options=()
  [ $kind = usual ] || options=(--schedules "$work/other.json")
  expect 0 "$heddle" compile "$model" -o "$work/$kind.heddle" "${options[@]}"
  expect 0 "$heddle" run "$work/$kind.heddle" --input "x=$data/input_0.pb" --input "W=$data/input_1.pb" --output "$work/$kind"
done
cmp "$work/usual/y.npy" "$work/other/y.npy" || wrong "another schedule gives other bits"
echo '{"kernels": {"a": {"b": "c"}}}' >"$work/bad.json"
expect 2 "$heddle" compile "$model" -o "$work/none" --schedules "$work/bad.json"
complains 'whole number'
echo '[]' >"$work/bad.json"
expect 2 "$heddle" compile "$model" -o "$work/none" --schedules "$work/bad.json"
complains 'schedules are JSON'
expect 2 "$heddle" compile "$model" -o "$work/none" --schedules "$work/missing.json"
complains 'cannot be read'

# What is fused is a choice too: pooling in the kernel of its convolution, or after it.
cat >"$work/pooled.mlir" <<'EOF'
func.func @main(%x: tensor<1x4x119x117xf32> {heddle.name = "x"}, %w: tensor<24x4x3x3xf32> {heddle.name = "w"})
    -> (tensor<*xf32> {heddle.name = "y"}) {
  %0 = "onnx.Conv"(%x, %w) : (tensor<1x4x119x117xf32>, tensor<24x4x3x3xf32>) -> tensor<*xf32>
  %1 = "onnx.Relu"(%0) : (tensor<*xf32>) -> tensor<*xf32>
  %2 = "onnx.MaxPool"(%1) {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}
EOF
expect 0 "$heddle" compile "$work/pooled.mlir" -o "$work/list.pooled.json" --emit schedules
signature_pooled=$(sed -n 's/.*"signature": "\([0-9a-f]*\)".*/\1/p' "$work/list.pooled.json" | head -1)
grep -q '"name": "fusion.cut"' "$work/list.pooled.json" || wrong "nothing to choose about fusion"
echo "{\"kernels\": {\"$signature_pooled\": {\"fusion.cut\": 2}}}" >"$work/cut.json"
tasks() { "$heddle" compile "$work/pooled.mlir" -o "$work/$1.task" --emit task "${@:2}" 2>/dev/null && grep -c 'task.launch @conv_maxpool_0[.0-9]*(' "$work/$1.task"; }
[ "$(tasks fused)" = 1 ] || wrong "pooling is no part of the convolution's kernel"
[ "$(tasks cut --schedules "$work/cut.json")" = 2 ] || wrong "one kernel where two are wanted"
for kind in fused cut; do
  options=()
  [ $kind = fused ] || options=(--schedules "$work/cut.json")
  expect 0 "$heddle" compile "$work/pooled.mlir" -o "$work/$kind.heddle" "${options[@]}"
  expect 0 "$heddle" run "$work/$kind.heddle" --random-inputs 1 --output "$work/$kind"
done
cmp "$work/fused/y.npy" "$work/cut/y.npy" || wrong "cut in two, other bits"

# Tuning runs, whatever it finds in so small a model, and says so.
expect 0 "$heddle" tune "$model" --budget 1
says 'schedules kept after [0-9]+ rounds'
expect 0 "$heddle" tune "$model" --budget 1 --json
says '"kernels"'
expect 2 "$heddle" tune "$work/usual.heddle"
complains 'is an artifact'
expect 2 "$heddle" tune "$model" --no-cache

# What was kept is used, unless it is not wanted. The file is written as the tuner writes it.
rm -f "$HEDDLE_CACHE_DIR"/*.tuned
target=$(sed -n 's/.*"target": "\(.*\)",$/\1/p' "$work/list.json")
file=$HEDDLE_CACHE_DIR/$(printf 'schedule 1\n%s\n%s' "$target" "$signature" | sha256sum | cut -d' ' -f1).tuned
echo "{\"signature\": \"$signature\", \"machine\": \"$target\", \"schedule\": {\"convolution.panels\": 1, \"convolution.rowBlock\": 2}}" >"$file"
[ "$(kernels tuned)" = "$(kernels other --schedules "$work/other.json")" ] || wrong "a tuned schedule is not used"
expect 0 "$heddle" compile "$model" -o "$work/tuned.heddle"
grep -q '1 kernels have tuned schedules' "$work/err" || wrong "a tuned schedule is used in silence"
[ "$(kernels untuned --no-tuned)" = "$(kernels usual --no-cache)" ] || wrong "--no-tuned is tuned"
expect 0 "$heddle" run "$model" --random-inputs 1

# A file that is no schedule, or another kernel's, is refused by name.
sed -i "s/$signature/0123/" "$file"
expect 2 "$heddle" compile "$model" -o "$work/none"
complains 'another kernel'
echo 'nonsense' >"$file"
expect 2 "$heddle" compile "$model" -o "$work/none"
complains '\.tuned: is no schedule'
expect 0 "$heddle" compile "$model" -o "$work/none" --no-tuned
expect 0 "$heddle" cache --clear tuned
[ ! -e "$file" ] || wrong "--clear tuned left a file"
expect 0 "$heddle" compile "$model" -o "$work/none"

finish
