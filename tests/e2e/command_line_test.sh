# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the commands do when all is well.
source "$(dirname "$0")/program_test.sh"

model=$cases/node/test_add/model.onnx
data=$cases/node/test_add/test_data_set_0

expect 0 "$heddle" --help
says "compile"
expect 0 "$heddle" --version
says '^heddle [0-9]'

# compile
artifact=$work/add.heddle
expect 0 "$heddle" compile "$model" -o "$artifact"
for kind in program heddle task llvm object header schedules; do
  expect 0 "$heddle" compile "$model" -o "$work/emitted.$kind" --emit $kind -O1
  [ -s "$work/emitted.$kind" ] || wrong "--emit $kind wrote nothing"
done
# What cannot be written is an error of every kind, and what is no file stays what it is.
ln -s /dev/full "$work/full"
for kind in artifact program heddle task llvm object header schedules; do
  expect 2 "$heddle" compile "$model" -o "$work/full" --emit $kind -O1
  complains 'cannot write .*full: No space left'
  [ -c "$work/full" ] || wrong "--emit $kind replaced a device"
done
# A link stays, and what it leads to is written.
ln -s linked.heddle "$work/link.heddle" && touch "$work/linked.heddle"
expect 0 "$heddle" compile "$model" -o "$work/link.heddle"
[ -L "$work/link.heddle" ] && cmp -s "$artifact" "$work/linked.heddle" || wrong "a link was replaced"
expect 0 "$heddle" compile "$model" -o "$work/v3.heddle" --target-cpu x86-64-v3
grep -q heddle_model_load_memory "$work/emitted.header" || wrong "the header names no function to load it"
expect 2 "$heddle" compile "$model" -o "$work/none" --emit nonsense
complains 'artifact, program, heddle'
expect 2 "$heddle" compile "$model" -o "$work/none" --target-cpu x86-64-v3,x86-64-v3
complains 'given twice'
expect 2 "$heddle" compile "$model" -o "$work/none" --target-cpu x86-64-v3,native --emit object
complains 'only an artifact'
# Code for several targets in one file: the best one runs, or the one that is named, to the same bits
# as alone.
product=$cases/node/test_gemm_all_attributes/model.onnx
expect 0 "$heddle" compile "$product" -o "$work/v2.heddle" --target-cpu x86-64-v2
expect 0 "$heddle" compile "$product" -o "$work/several.heddle" --target-cpu x86-64-v2,native
expect 0 "$heddle" run "$work/v2.heddle" --random-inputs 5 --output "$work/alone.out"
expect 0 "$heddle" run "$work/several.heddle" --target-cpu x86-64-v2 --random-inputs 5 --output "$work/named.out"
diff -r "$work/alone.out" "$work/named.out" >/dev/null || wrong "a target beside another gives other results"
expect 0 "$heddle" compile "$product" -o "$work/native.heddle"
expect 0 "$heddle" run "$work/native.heddle" --random-inputs 5 --output "$work/native.out"
expect 0 "$heddle" run "$work/several.heddle" --random-inputs 5 --output "$work/best.out"
diff -r "$work/native.out" "$work/best.out" >/dev/null || wrong "the best target was not picked"
expect 0 "$heddle" inspect "$work/several.heddle" --target-cpu x86-64-v2
says '^target cpu +x86-64-v2$'
says '^targets .*"x86-64-v2"'
expect 0 "$heddle" explain "$work/several.heddle" --target-cpu x86-64-v2
says '^code for x86-64-v2, of .* x86-64-v2$'
expect 2 "$heddle" run "$work/several.heddle" --target-cpu x86-64-v4 --random-inputs
complains 'no code for "x86-64-v4"'
expect 2 "$heddle" compile "$model" -o "$work/none" --cores 0
complains '\-\-cores'
expect 0 "$heddle" compile "$model" -o "$work/cores.heddle" --cores 4
expect 0 "$heddle" inspect "$work/cores.heddle"
says '^cores +4'
# The dialect's own text compiles too.
mv "$work/emitted.heddle" "$work/add.mlir"
expect 0 "$heddle" compile "$work/add.mlir" -o "$work/text.heddle"

# So does that of programs with sub-graphs and with integers, to the same bits.
for name in if loop11 scan9_sum qlinearconv matmulinteger dynamicquantizelinear; do
  source=$cases/node/test_$name/model.onnx
  expect 0 "$heddle" compile "$source" -o "$work/$name.mlir" --emit heddle
  expect 0 "$heddle" compile "$work/$name.mlir" -o "$work/$name.text"
  expect 0 "$heddle" compile "$source" -o "$work/$name.heddle"
  expect 0 "$heddle" run "$work/$name.heddle" --random-inputs 3 --output "$work/$name.want"
  expect 0 "$heddle" run "$work/$name.text" --random-inputs 3 --output "$work/$name.got"
  diff -r "$work/$name.want" "$work/$name.got" >/dev/null || wrong "the text of $name gives other results"
done

# run
expect 0 "$heddle" run "$artifact" --input "x=$data/input_0.pb" --input "y=$data/input_1.pb" --output "$work/outputs"
[ -s "$work/outputs/sum.npy" ] || wrong "no sum.npy"
expect 0 "$heddle" run "$work/text.heddle" --input "x=$data/input_0.pb" --input "y=$data/input_1.pb" --output "$work/again"
cmp -s "$work/outputs/sum.npy" "$work/again/sum.npy" || wrong "the text's result differs"
expect 0 "$heddle" run "$artifact" --random-inputs 7
says '^sum: float32 3x4x5, min '
cp "$work/out" "$work/first"
expect 0 "$heddle" run --random-inputs 7 "$model" --threads 1
cmp -s "$work/first" "$work/out" || wrong "the same seed gives another result"
expect 0 "$heddle" run --random-inputs "$artifact" --repeat 3 --json --trace "$work/trace.json"
for field in model threads median_ms min_ms p99_ms runs load_ms compile_ms first_run_ms peak_rss_mb; do
  says "\"$field\":"
done
grep -q traceEvents "$work/trace.json" || wrong "no trace"

# bench
expect 0 "$heddle" bench "$artifact" --min-time 0.05 --json --threads 2
for field in model threads median_ms min_ms p99_ms runs load_ms compile_ms first_run_ms peak_rss_mb; do
  says "\"$field\":"
done

expect 0 "$heddle" bench "$artifact" --min-time 0.05 --json --profile
for field in peak_gflops memory_gb_per_s total_us lost_us gb_per_s gflops; do
  says "\"$field\":"
done
expect 0 "$heddle" bench "$artifact" --min-time 0.05 --profile
says '^one core: [0-9]+ GFLOP/s, '
says '^next: add, which is '

# inspect
expect 0 "$heddle" inspect "$model"
says 'opset +14'
says '1 Add'
expect 0 "$heddle" inspect "$artifact" --json
for field in target_cpu format_version sections digest kernels tasks arena_bytes; do
  says "\"$field\":"
done
says "\"source_digest\": \"$(sha256sum "$model" | cut -d ' ' -f 1)\""

# explain
expect 0 "$heddle" explain "$artifact" --trace "$work/trace.json" --dot "$work/add.dot" --html "$work/add.html"
grep -q '^digraph' "$work/add.dot" || wrong "no dot"
grep -q '<svg' "$work/add.html" || wrong "no picture in the page"
grep -qE '(src|href)=' "$work/add.html" && wrong "the page loads something"
expect 0 "$heddle" explain "$model" --json
says '"critical_path"'
# Sub-graphs are explained with what runs them, for the sizes of the run that was measured.
expect 0 "$heddle" compile "$cases/node/test_if/model.onnx" -o "$work/if.heddle"
expect 0 "$heddle" run "$work/if.heddle" --random-inputs --trace "$work/if.json"
expect 0 "$heddle" explain "$work/if.heddle" --trace "$work/if.json"
says ', then: [0-9]+ tasks'
says ', else: [0-9]+ tasks'
expect 0 "$heddle" explain "$work/if.heddle" --json
says '"graph": 2'

# An artifact runs without the compiler.
mkdir -p "$work/alone/bin"
cp "$heddle" "$work/alone/bin/heddle"
expect 0 "$work/alone/bin/heddle" run "$artifact" --random-inputs
expect 2 "$work/alone/bin/heddle" run "$model" --random-inputs --no-cache
complains 'compiler library'
finish
