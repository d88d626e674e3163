# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# heddle verify: counts, reasons, crashes and time-outs.
source "$(dirname "$0")/program_test.sh"

expect 0 "$heddle" verify "$cases/node/test_add" "$cases/node/test_relu"
says '^2 passed, 0 failed, 0 skipped$'

# A folder of cases; one of them has a wrong result, one no model.
mkdir -p "$work/suite"
cp -r "$cases/node/test_add" "$cases/node/test_relu" "$work/suite"
cp "$work/suite/test_add/test_data_set_0/input_0.pb" "$work/suite/test_add/test_data_set_0/output_0.pb"
mkdir -p "$work/suite/without_model"
cp -r "$cases/node/test_abs/test_data_set_0" "$work/suite/without_model"
expect 1 "$heddle" verify "$work/suite"
says '^failed .*suite/test_add: .*elements differ'
says '^1 passed, 1 failed, 1 skipped$'
expect 1 "$heddle" verify "$work/suite" --json
says '"status": "failed"'
says '"name": ".*suite/test_relu"'
says '"ms": '
says '"reason": "no model.onnx'
expect 0 "$heddle" verify "$work/suite/without_model" --model "$cases/node/test_abs/model.onnx"
says '^1 passed, 0 failed, 0 skipped$'
expect 0 "$heddle" verify "$work/suite/without_model/test_data_set_0" --model "$cases/node/test_abs/model.onnx"
says '^1 passed, 0 failed, 0 skipped$'

# A known failure counts as skipped; tolerances decide what is one.
echo "test_add # its output was replaced" >"$work/known"
expect 0 "$heddle" verify "$work/suite/test_add" --known-failures "$work/known"
says '^0 passed, 0 failed, 1 skipped$'
expect 0 "$heddle" verify "$work/suite/test_add" --atol 100
expect 0 "$heddle" verify "$work/suite/test_add" --min-cosine -1

# Errors of narrow products against the model itself, whatever the case expects.
cp -r "$cases/node/test_matmul_2d" "$work/narrow"
cp "$work/narrow/test_data_set_0/input_0.pb" "$work/narrow/test_data_set_0/output_0.pb"
expect 0 "$heddle" verify "$work/narrow" --precision bf16 --against-f32
says "^passed .*narrow: '.*': largest error .* of .*, cosine (1\.0|0\.99)"
expect 2 "$heddle" verify "$work/narrow" --precision f8
complains precision

# What Heddle does not support is skipped with a reason.
expect 0 "$heddle" verify "$cases/node/test_sequence_insert_at_back" -v
says '^skipped .*: .*[Ss]equence'
says '^0 passed, 0 failed, 1 skipped$'

# A damaged model fails and hides no other; a hang is ended.
head -c 40 "$cases/node/test_relu/model.onnx" >"$work/suite/test_relu/model.onnx"
expect 1 "$heddle" verify "$work/suite/test_relu" "$cases/node/test_abs"
says '^failed .*test_relu'
says '^1 passed, 1 failed, 0 skipped$'
expect 1 "$heddle" verify "$cases/node/test_abs" --timeout 0.001
says 'took longer'

expect 2 "$heddle" verify "$work/nothing"
complains nothing
mkdir "$work/empty"
expect 2 "$heddle" verify "$work/empty"
complains 'no test cases'
expect 2 "$heddle" verify "$work/suite" --model "$work/missing.onnx"
complains missing.onnx
finish
