// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt "-heddle-lower-linear-attention=form=recurrent" %s | FileCheck %s --check-prefix=RECURRENT
// RUN: heddle-opt "-heddle-lower-linear-attention=form=chunk" %s | FileCheck %s --check-prefix=CHUNK
// RUN: heddle-opt "-heddle-lower-linear-attention=form=tree" %s | FileCheck %s --check-prefix=TREE

// What is recorded: of the same steps the recurrent form has a span of L, of chunks of 16 steps L / 16,
// and the tree log2(L / 64).
// RECURRENT-LABEL: func @retention
// RECURRENT-SAME: equivalence = "exact", form = "recurrent"
// RECURRENT-SAME: span = "196615"
// RECURRENT-SAME: work = "1342177280"
// RECURRENT: heddle.linear_attention "add" %{{.*}} {form = "recurrent", parts = 2 : i64}
// CHUNK-LABEL: func @retention
// CHUNK-SAME: equivalence = "reassoc", form = "chunk"
// CHUNK-SAME: span = "57351"
// CHUNK: onnx.Less
// CHUNK: onnx.If
// CHUNK: heddle.linear_attention "add" %{{.*}} {form = "recurrent", parts = 2 : i64}
// CHUNK: heddle.linear_attention "add" %{{.*}} {form = "chunk", parts = 2 : i64}

// The states that segments start from come of what each does: P of one row with a state of one, as one
// decay is for all rows. Of 1024 segments these are eleven levels of pairs, each of a product of the
// factors, one of the states to combine, and one for the states between. Where one of these is infinite, or
// a decay is above one, so that products may be what states are not, it is computed step by step.
// TREE-LABEL: func @retention
// TREE-SAME: equivalence = "reassoc", form = "tree"
// TREE-SAME: span = "431"
// TREE: %[[ZERO:.*]] = "onnx.Constant"{{.*}}0.0{{.*}}tensor<1x1x1xf32>
// TREE: %{{.*}}, %[[H:.*]] = heddle.linear_attention "add" %{{.*}} from %[[ZERO]] decay %[[G:.*]] {form = "recurrent", parts = 2 : i64, segment = 64 : i64}
// TREE-SAME: tensor<1024x64x64xf32>
// TREE: %{{.*}}, %[[P:.*]] = heddle.linear_attention "add" %{{.*}} decay %[[G]] {form = "recurrent", parts = 2 : i64, segment = 64 : i64}
// TREE-SAME: tensor<1024x1x1xf32>
// TREE-COUNT-31: "onnx.Mul"
// TREE-NOT: "onnx.Mul"
// TREE: %[[FINITE:.*]] = "onnx.Less"
// TREE: %[[SHRINKS:.*]] = "onnx.Less"
// TREE: %[[ALL:.*]] = "onnx.And"(%[[FINITE]], %[[SHRINKS]])
// TREE: %[[R:.*]]:2 = "onnx.If"(%[[ALL]])
// TREE: heddle.linear_attention "add" %{{.*}} {form = "recurrent", parts = 2 : i64}
// TREE: %[[STARTS:.*]] = "onnx.Slice"{{.*}} -> tensor<1024x64x64xf32>
// TREE: %[[O:.*]], %{{.*}} = heddle.linear_attention "add" %{{.*}} from %[[STARTS]] decay %[[G]]
// TREE: onnx.Yield %[[O]]
// TREE: return %[[R]]#0
func.func @retention(%q: tensor<65536x64xf32>, %k: tensor<65536x64xf32>, %v: tensor<65536x64xf32>, %s: tensor<64x64xf32>,
                     %g: tensor<1xf32>) -> (tensor<65536x64xf32>, tensor<64x64xf32>) {
  %o, %last = heddle.linear_attention "add" %q, %k, %v from %s decay %g
      : (tensor<65536x64xf32>, tensor<65536x64xf32>, tensor<65536x64xf32>, tensor<64x64xf32>, tensor<1xf32>) -> (tensor<65536x64xf32>, tensor<64x64xf32>)
  return %o, %last : tensor<65536x64xf32>, tensor<64x64xf32>
}

// The levels of a tree need the number of segments: without it chunks, and why.
// TREE-LABEL: func @of_unknown_length
// TREE-SAME: form = "chunk"
// TREE-SAME: span = "11*((L + 15) floordiv 16) + 4"
// TREE-SAME: heddle.sequential = [{reason = "how many steps there are is not known
// TREE: heddle.linear_attention "add" {{.*}} {form = "chunk", parts = 2 : i64}
func.func @of_unknown_length(%q: tensor<?x3x8xf32, #heddle.dims<["L", "3", "8"]>>, %v: tensor<?x3x4xf32, #heddle.dims<["L", "3", "4"]>>,
                             %s: tensor<3x8x4xf32>)
    -> (tensor<?x3x4xf32, #heddle.dims<["L", "3", "4"]>>, tensor<3x8x4xf32>) {
  %o, %last = heddle.linear_attention "add" %q, %q, %v from %s
      : (tensor<?x3x8xf32, #heddle.dims<["L", "3", "8"]>>, tensor<?x3x8xf32, #heddle.dims<["L", "3", "8"]>>,
         tensor<?x3x4xf32, #heddle.dims<["L", "3", "4"]>>, tensor<3x8x4xf32>)
      -> (tensor<?x3x4xf32, #heddle.dims<["L", "3", "4"]>>, tensor<3x8x4xf32>)
  return %o, %last : tensor<?x3x4xf32, #heddle.dims<["L", "3", "4"]>>, tensor<3x8x4xf32>
}

// What a segment of the delta rule does to a state is a matrix, found by starting from the identity;
// matrices compose by products. Batch dimensions stay between. Of three segments one pair is combined.
// TREE-LABEL: func @delta
// TREE: %{{.*}}, %[[H:.*]] = heddle.linear_attention "delta" {{.*}} -> (tensor<130x3x4xf32>, tensor<3x3x8x4xf32>)
// TREE: %{{.*}}, %[[P:.*]] = heddle.linear_attention "delta" {{.*}} -> (tensor<130x3x8xf32>, tensor<3x3x8x8xf32>)
// TREE: "onnx.MatMul"{{.*}} : (tensor<1x3x8x8xf32>, tensor<1x3x8x4xf32>)
// TREE: "onnx.MatMul"{{.*}} : (tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>)
// TREE: "onnx.MatMul"{{.*}} : (tensor<1x3x8x8xf32>, tensor<1x3x8x4xf32>)
// TREE: "onnx.MatMul"{{.*}} : (tensor<2x3x8x8xf32>, tensor<2x3x8x4xf32>)
// TREE-NOT: "onnx.MatMul"
// TREE: heddle.linear_attention "delta"
func.func @delta(%q: tensor<130x3x8xf32>, %v: tensor<130x3x4xf32>, %s: tensor<3x8x4xf32>, %b: tensor<130x1x1xf32>)
    -> (tensor<130x3x4xf32>, tensor<3x8x4xf32>) {
  %o, %last = heddle.linear_attention "delta" %q, %q, %v from %s rate %b
      : (tensor<130x3x8xf32>, tensor<130x3x8xf32>, tensor<130x3x4xf32>, tensor<3x8x4xf32>, tensor<130x1x1xf32>)
      -> (tensor<130x3x4xf32>, tensor<3x8x4xf32>)
  return %o, %last : tensor<130x3x4xf32>, tensor<3x8x4xf32>
}

// The identity of a number of rows that is not known is not written: no tree, and why.
// TREE-LABEL: func @delta_of_unknown_rows
// TREE-SAME: form = "chunk"
// TREE-SAME: heddle.sequential = [{reason = "the number of rows of the delta rule's state is not known
// TREE-NOT: heddle.scan
// TREE: heddle.linear_attention "delta" {{.*}} {form = "chunk", parts = 2 : i64}
func.func @delta_of_unknown_rows(%q: tensor<128x?xf32, #heddle.dims<["128", "d"]>>, %v: tensor<128x4xf32>,
                                 %s: tensor<?x4xf32, #heddle.dims<["d", "4"]>>)
    -> (tensor<128x4xf32>, tensor<?x4xf32, #heddle.dims<["d", "4"]>>) {
  %o, %last = heddle.linear_attention "delta" %q, %q, %v from %s
      : (tensor<128x?xf32, #heddle.dims<["128", "d"]>>, tensor<128x?xf32, #heddle.dims<["128", "d"]>>, tensor<128x4xf32>,
         tensor<?x4xf32, #heddle.dims<["d", "4"]>>) -> (tensor<128x4xf32>, tensor<?x4xf32, #heddle.dims<["d", "4"]>>)
  return %o, %last : tensor<128x4xf32>, tensor<?x4xf32, #heddle.dims<["d", "4"]>>
}
