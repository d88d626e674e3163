# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Bad requests and bad files: exit code 2, one line that says what is wrong.
source "$(dirname "$0")/program_test.sh"

model=$cases/node/test_add/model.onnx
data=$cases/node/test_add/test_data_set_0
artifact=$work/add.heddle
expect 0 "$heddle" compile "$model" -o "$artifact"

expect 2 "$heddle"
expect 2 "$heddle" frobnicate
complains frobnicate
expect 2 "$heddle" compile "$model"
complains output
expect 2 "$heddle" compile "$model" -o "$work/x" --emit nonsense
complains nonsense
expect 2 "$heddle" compile "$model" -o "$work/x" --target-cpu pdp11
complains pdp11
expect 2 "$heddle" compile "$model" -o "$work/no/such/folder/x"
complains 'no folder'
expect 2 "$heddle" compile "$model" -o "$work/x" --dim batch
complains 'NAME=N'
expect 2 "$heddle" compile "$work/missing.onnx" -o "$work/x"
complains missing.onnx
expect 2 "$heddle" compile /dev/null -o "$work/x"
complains /dev/null

# Models that are cut short, or have a byte changed, never crash the compiler.
size=$(stat -c %s "$model")
for part in 0 1 10 50 $((size / 2)) $((size - 1)); do
  head -c "$part" "$model" >"$work/short.onnx"
  expect 2 "$heddle" compile "$work/short.onnx" -o "$work/x"
  complains short.onnx
done
for place in $(seq 3 7 "$size"); do
  cp "$model" "$work/flipped.onnx"
  printf '\377' | dd of="$work/flipped.onnx" bs=1 seek="$place" conv=notrunc status=none
  "$heddle" compile "$work/flipped.onnx" -o "$work/x" >"$work/out" 2>"$work/err"
  code=$?
  [ $code -eq 0 ] || [ $code -eq 2 ] || wrong "byte $place changed: exit code $code: $(cat "$work/err")"
done

# Artifacts likewise: their digest finds every change of code and program.
size=$(stat -c %s "$artifact")
for place in $(seq 5 $((size / 23)) "$size"); do
  cp "$artifact" "$work/flipped.heddle"
  byte=$(dd if="$artifact" bs=1 skip="$place" count=1 status=none | od -An -tu1 | tr -d ' ')
  printf "\\$(printf %o $(((${byte:-0} + 1) % 256)))" | dd of="$work/flipped.heddle" bs=1 seek="$place" conv=notrunc status=none
  "$heddle" run "$work/flipped.heddle" --random-inputs >"$work/out" 2>"$work/err"
  code=$?
  [ $code -eq 0 ] || [ $code -eq 2 ] || wrong "byte $place of the artifact changed: exit code $code"
done
for part in 4 100 $((size / 2)) $((size - 1)); do
  head -c "$part" "$artifact" >"$work/short.heddle"
  expect 2 "$heddle" run "$work/short.heddle" --random-inputs
  complains short.heddle
done

# Inputs
expect 2 "$heddle" run "$artifact"
complains 'inputs are missing: x'
expect 2 "$heddle" run "$artifact" --input "nothing=$data/input_0.pb"
complains "no input is called 'nothing'"
expect 2 "$heddle" run "$artifact" --input "$data/input_0.pb"
complains 'NAME=FILE'
expect 2 "$heddle" run "$artifact" --input "x=$work/missing.npy" --random-inputs
complains missing.npy
expect 2 "$heddle" run "$artifact" --input "x=$model" --random-inputs
complains 'model.onnx'
expect 2 "$heddle" run "$artifact" --input "x=$cases/node/test_and2d/test_data_set_0/input_0.pb" --random-inputs
complains 'element type'
expect 2 "$heddle" run "$artifact" --input "x=$cases/node/test_relu/test_data_set_0/input_0.pb" --input "y=$cases/node/test_matmul_2d/test_data_set_0/input_0.pb"
complains 'shape'
expect 2 "$heddle" run "$artifact" --dim nothing=3 --random-inputs
complains nothing
expect 2 "$heddle" run "$artifact" --random-inputs --threads -1
expect 2 "$heddle" run "$artifact" --random-inputs --repeat 0
expect 2 "$heddle" explain "$artifact" --trace "$model"
complains 'not a trace'
expect 2 "$heddle" inspect "$work/short.onnx"
complains short.onnx
finish
