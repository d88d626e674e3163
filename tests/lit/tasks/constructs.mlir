// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s -o %t.heddle
// RUN: heddle explain %t.heddle --dim n=1000000 | FileCheck %s --check-prefix=TEXT
// RUN: heddle explain %t.heddle --dim n=1000000 --json | FileCheck %s --check-prefix=JSON
// RUN: heddle explain %t.heddle --dim n=1000000 --html %t.html
// RUN: FileCheck %s --check-prefix=PAGE --input-file %t.html

// What passes recorded on the function stands in the artifact, with sizes for a run: 2^20 is the
// power that a million needs. The symbol of the second is no input's, so it stays text.

// TEXT: found
// TEXT-NEXT: scan: a sum (tree, reassoc)
// TEXT-NEXT: from loop_1, add_2
// TEXT-NEXT: because sums are associative
// TEXT-NEXT: work 2*n = 2000000, span 4*`log2(n)` + 2 = 82, parallelism 24390.24; predicted gain 1.00 on 1, 1.92 on 2
// TEXT-NEXT: map: an unknown number
// TEXT: work k, span not known
// TEXT: left sequential
// TEXT-NEXT: loop_3: its state is squared

// JSON: "kind": "scan"
// JSON: "loop_1"
// JSON: "equivalence": "reassoc"
// JSON: "form": "tree"
// JSON-NEXT: "work": 2000000
// JSON-NEXT: "span": 82
// JSON: "1": 1.0
// JSON: "64":
// JSON: "work": "k"
// JSON: "span": null
// JSON: "sequential": [
// JSON: "reason": "its state is squared"

// PAGE: Parallelism that was found
// PAGE: scan: a sum
// PAGE: Left sequential
// PAGE: its state is squared

func.func @main(%x: tensor<?xf32, #heddle.dims<["n"]>> {heddle.name = "x"}) -> (tensor<?xf32, #heddle.dims<["n"]>> {heddle.name = "y"}) attributes {
    heddle.constructs = [
      {kind = "scan", summary = "a sum", proof = "sums are associative", equivalence = "reassoc",
       form = "tree", source = loc(fused["loop_1"("Loop"), "add_2"("Add")]), work = "2*n",
       span = "4*`log2(n)` + 2"},
      {kind = "map", summary = "an unknown number", proof = "nothing is carried",
       equivalence = "exact", form = "", source = loc("loop_2"("Loop")), work = "k"}],
    heddle.sequential = [{source = loc("loop_3"("Loop")), reason = "its state is squared"}]} {
  %0 = "onnx.Relu"(%x) : (tensor<?xf32, #heddle.dims<["n"]>>) -> tensor<?xf32, #heddle.dims<["n"]>>
  return %0 : tensor<?xf32, #heddle.dims<["n"]>>
}
