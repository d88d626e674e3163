// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -split-input-file -heddle-lower-scans=form=recurrent %s | FileCheck %s --check-prefixes=ALL,RECURRENT
// RUN: heddle-opt -split-input-file -heddle-lower-scans=form=chunk %s | FileCheck %s --check-prefixes=ALL,CHUNK
// RUN: heddle-opt -split-input-file -heddle-lower-scans=form=tree %s | FileCheck %s --check-prefixes=ALL,TREE

// The states alone are used. The span of the recurrent form is 2 operations for each of the 65536 steps;
// of the chunk form, of one chunk of 2 * 4112 and 16 chunks; of the tree, a few steps on four levels.
// ALL-LABEL: func @affine
// RECURRENT-SAME: equivalence = "exact"{{.*}}form = "recurrent"{{.*}}span = "131072"
// RECURRENT: %[[S:.*]] = "onnx.Reshape"(%arg0
// RECURRENT: heddle.chunk_scan "65536" parts 2(%[[S]] : tensor<1x32xf32>) over(%arg1, %arg2 : tensor<65536x32xf32>, tensor<65536x32xf32>) keeps [false, true] -> (tensor<65536x32xf32>)
// CHUNK-SAME: equivalence = "reassoc"{{.*}}form = "chunk"{{.*}}span = "16480"
// CHUNK: %[[T:.*]]:2 = heddle.chunk_totals "4112" parts 2(%arg1, %arg2) : {{.*}} -> (tensor<16x32xf32>, tensor<16x32xf32>)
// CHUNK: %[[B:.*]] = heddle.chunk_scan "16" parts 2({{.*}} : tensor<1x32xf32>) over(%[[T]]#0, %[[T]]#1 : {{.*}}) keeps [false, true] before totals of "4112" steps(%arg1, %arg2 : {{.*}}) -> (tensor<16x32xf32>)
// CHUNK: heddle.chunk_scan "4112" parts 2(%[[B]] : tensor<16x32xf32>) over(%arg1, %arg2 : {{.*}}) keeps [false, true] -> (tensor<65536x32xf32>)
// TREE-SAME: form = "tree"{{.*}}span = "224"
// TREE: heddle.chunk_totals "16" {{.*}} -> (tensor<4096x32xf32>, tensor<4096x32xf32>)
// TREE: heddle.chunk_totals "16" {{.*}} -> (tensor<256x32xf32>, tensor<256x32xf32>)
// TREE: heddle.chunk_totals "16" {{.*}} -> (tensor<16x32xf32>, tensor<16x32xf32>)
// TREE: heddle.chunk_scan "16" {{.*}} before totals of "4096" steps(%arg1, %arg2 : {{.*}}) -> (tensor<16x32xf32>)
// TREE: heddle.chunk_scan "16" {{.*}} before totals of "256" steps(%arg1, %arg2 : {{.*}}) -> (tensor<256x32xf32>)
// TREE: heddle.chunk_scan "16" {{.*}} before totals of "16" steps(%arg1, %arg2 : {{.*}}) -> (tensor<4096x32xf32>)
// TREE: heddle.chunk_scan "16" {{.*}} -> (tensor<65536x32xf32>)
func.func @affine(%s: tensor<32xf32>, %a: tensor<65536x32xf32>, %b: tensor<65536x32xf32>) -> tensor<65536x32xf32> {
  %last, %states = heddle.scan (%s : tensor<32xf32>) over (%a, %b : tensor<65536x32xf32>, tensor<65536x32xf32>)
      -> (tensor<32xf32>, tensor<65536x32xf32>) apply {
  ^bb0(%s0: tensor<32xf32>, %a0: tensor<32xf32>, %b0: tensor<32xf32>):
    %0 = "onnx.Mul"(%a0, %s0) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    %1 = "onnx.Add"(%0, %b0) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    heddle.yield %1 : tensor<32xf32>
  } combine {
  ^bb0(%a0: tensor<32xf32>, %b0: tensor<32xf32>, %a1: tensor<32xf32>, %b1: tensor<32xf32>):
    %0 = "onnx.Mul"(%a1, %a0) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    %1 = "onnx.Mul"(%a1, %b0) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    %2 = "onnx.Add"(%1, %b1) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    heddle.yield %0, %2 : tensor<32xf32>, tensor<32xf32>
  }
  return %states : tensor<65536x32xf32>
}

// -----

// A length that is not known has no tree; both results are kept. What the program says of a scan goes
// before the option.
// ALL-LABEL: func @symbolic
// TREE-SAME: the levels of a tree need a length that is known when compiling
// TREE: heddle.chunk_totals
// ALL: heddle.chunk_scan "n" parts 1({{.*}} : tensor<1xf32>) over({{.*}}) keeps [true, true] -> (tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>)
func.func @symbolic(%s: tensor<f32>, %x: tensor<?xf32, #heddle.dims<["n"]>>)
    -> (tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>, tensor<f32>) {
  %0:2 = heddle.scan (%s : tensor<f32>) over (%x : tensor<?xf32, #heddle.dims<["n"]>>)
      -> (tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>) apply {
  ^bb0(%s0: tensor<f32>, %x0: tensor<f32>):
    %1 = "onnx.Add"(%s0, %x0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  } combine {
  ^bb0(%x0: tensor<f32>, %x1: tensor<f32>):
    %1 = "onnx.Add"(%x0, %x1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  }
  %2:2 = heddle.scan (%s : tensor<f32>) over (%x : tensor<?xf32, #heddle.dims<["n"]>>)
      -> (tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>) attributes {form = "recurrent"} apply {
  ^bb0(%s0: tensor<f32>, %x0: tensor<f32>):
    %1 = "onnx.Max"(%s0, %x0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  } combine {
  ^bb0(%x0: tensor<f32>, %x1: tensor<f32>):
    %1 = "onnx.Max"(%x0, %x1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  }
  return %2#0, %2#1, %0#0 : tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>, tensor<f32>
}

// -----

// What is only chosen from elements does not leave their range: its totals can be trusted.
// CHUNK-LABEL: func @maximum
// CHUNK: heddle.chunk_scan {{.*}} before -> (tensor<16x32xf32>)
func.func @maximum(%s: tensor<32xf32>, %x: tensor<65536x32xf32>) -> tensor<65536x32xf32> {
  %last, %states = heddle.scan (%s : tensor<32xf32>) over (%x : tensor<65536x32xf32>)
      -> (tensor<32xf32>, tensor<65536x32xf32>) apply {
  ^bb0(%s0: tensor<32xf32>, %x0: tensor<32xf32>):
    %1 = "onnx.Max"(%s0, %x0) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    heddle.yield %1 : tensor<32xf32>
  } combine {
  ^bb0(%x0: tensor<32xf32>, %x1: tensor<32xf32>):
    %1 = "onnx.Max"(%x0, %x1) : (tensor<32xf32>, tensor<32xf32>) -> tensor<32xf32>
    heddle.yield %1 : tensor<32xf32>
  }
  return %states : tensor<65536x32xf32>
}

// -----

// A step that multiplies matrices is no kernel of its own: a loop; or loops over the steps of 14 chunks of 7
// at once, the starts of these, and the two steps that are left; or seven levels of products, six of them of
// pairs. Where products of chunks or pairs are infinite, it is the loop again.
// ALL-LABEL: func @matrices
// RECURRENT-SAME: form = "recurrent"
// RECURRENT: "onnx.Scan"(%arg0, %arg1) <{num_scan_inputs = 1 : i64}> ({
// RECURRENT: onnx.Yield %[[P:.*]], %[[P]]
// CHUNK-SAME: form = "chunk"
// CHUNK: "onnx.Scan"({{.*}} ({
// CHUNK-NEXT: ^bb0(%{{.*}}: tensor<14x4x4xf32>, %{{.*}}: tensor<14x4x4xf32>)
// CHUNK: }) : (tensor<14x4x4xf32>, tensor<6x14x4x4xf32>)
// CHUNK: }) : (tensor<4x4xf32>, tensor<14x4x4xf32>)
// CHUNK: onnx.ReduceMax
// CHUNK: onnx.If
// CHUNK: }) : (tensor<4x4xf32>, tensor<100x4x4xf32>)
// CHUNK: }) : (tensor<14x4x4xf32>, tensor<7x14x4x4xf32>)
// CHUNK: }) : (tensor<4x4xf32>, tensor<2x4x4xf32>)
// TREE-SAME: form = "tree"{{.*}}span = "39"
// TREE: onnx.MatMul{{.*}} -> tensor<50x4x4xf32>
// TREE: onnx.MatMul{{.*}} -> tensor<25x4x4xf32>
// TREE: onnx.MatMul{{.*}} -> tensor<12x4x4xf32>
// TREE-NOT: onnx.Scan
// TREE: onnx.If
// TREE: }) : (tensor<4x4xf32>, tensor<100x4x4xf32>)
func.func @matrices(%s: tensor<4x4xf32>, %x: tensor<100x4x4xf32>) -> tensor<4x4xf32> {
  %0:2 = heddle.scan (%s : tensor<4x4xf32>) over (%x : tensor<100x4x4xf32>)
      -> (tensor<4x4xf32>, tensor<100x4x4xf32>) apply {
  ^bb0(%s0: tensor<4x4xf32>, %x0: tensor<4x4xf32>):
    %1 = "onnx.MatMul"(%s0, %x0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    heddle.yield %1 : tensor<4x4xf32>
  } combine {
  ^bb0(%x0: tensor<4x4xf32>, %x1: tensor<4x4xf32>):
    %1 = "onnx.MatMul"(%x0, %x1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    heddle.yield %1 : tensor<4x4xf32>
  }
  return %0#0 : tensor<4x4xf32>
}

// -----

// x <- A x + b: 4 operations wait for each other in a step, and in a combination. 65536 steps one by one;
// 181 in each of 362 chunks, twice, and 362; 17 levels, on 16 of them pairs.
// ALL-LABEL: func @matrix_affine
// RECURRENT-SAME: form = "recurrent"{{.*}}span = "262144"
// CHUNK-SAME: form = "chunk"{{.*}}span = "2896"
// TREE-SAME: form = "tree"{{.*}}span = "132"
func.func @matrix_affine(%s: tensor<4xf32>, %a: tensor<65536x4x4xf32>, %b: tensor<65536x4xf32>) -> tensor<65536x4xf32> {
  %last, %states = heddle.scan (%s : tensor<4xf32>) over (%a, %b : tensor<65536x4x4xf32>, tensor<65536x4xf32>)
      -> (tensor<4xf32>, tensor<65536x4xf32>) apply {
  ^bb0(%s0: tensor<4xf32>, %a0: tensor<4x4xf32>, %b0: tensor<4xf32>):
    %0 = "onnx.MatMul"(%a0, %s0) : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Add"(%0, %b0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  } combine {
  ^bb0(%a0: tensor<4x4xf32>, %b0: tensor<4xf32>, %a1: tensor<4x4xf32>, %b1: tensor<4xf32>):
    %0 = "onnx.MatMul"(%a1, %a0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %1 = "onnx.MatMul"(%a1, %b0) : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Add"(%1, %b1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %0, %2 : tensor<4x4xf32>, tensor<4xf32>
  }
  return %states : tensor<65536x4xf32>
}

// -----

// Where rows are sorted no operation has a form for all chunks: the reason is recorded.
// TREE-LABEL: func @no_form
// TREE-SAME: and have no tree
// CHUNK-LABEL: func @no_form
// CHUNK-SAME: heddle.sequential = [{reason = "its steps are no kernels
// CHUNK: "onnx.Scan"(%arg0, %arg1)
func.func @no_form(%s: tensor<4xf32>, %x: tensor<100x4xf32>) -> tensor<4xf32> {
  %0:2 = heddle.scan (%s : tensor<4xf32>) over (%x : tensor<100x4xf32>)
      -> (tensor<4xf32>, tensor<100x4xf32>) apply {
  ^bb0(%s0: tensor<4xf32>, %x0: tensor<4xf32>):
    %1 = "onnx.Custom"(%s0, %x0) {domain_name = "a", function_name = "b", node_attributes = {}} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  } combine {
  ^bb0(%x0: tensor<4xf32>, %x1: tensor<4xf32>):
    %1 = "onnx.Custom"(%x0, %x1) {domain_name = "a", function_name = "b", node_attributes = {}} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  }
  return %0#0 : tensor<4xf32>
}

// -----

// A number of the step is part of its kernel, a vector is read by it; both stood elsewhere.
// ALL-LABEL: func @constants
// ALL: %[[V:.*]] = "onnx.Constant"() <{{.*}}dense<[1.000000e+00, 2.000000e+00]>
// ALL: heddle.chunk_scan
// ALL: %[[N:.*]] = "onnx.Constant"() <{{.*}}dense<5.000000e-01>
// ALL: "onnx.Mul"(%{{.*}}, %[[N]])
// ALL: "onnx.Add"(%{{.*}}, %[[V]])
func.func @constants(%s: tensor<2xf32>, %x: tensor<100x2xf32>) -> tensor<2xf32> {
  %half = "onnx.Constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %0:2 = heddle.scan (%s : tensor<2xf32>) over (%x : tensor<100x2xf32>)
      -> (tensor<2xf32>, tensor<100x2xf32>) attributes {form = "recurrent"} apply {
  ^bb0(%s0: tensor<2xf32>, %x0: tensor<2xf32>):
    %v = "onnx.Constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
    %1 = "onnx.Mul"(%s0, %half) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
    %2 = "onnx.Add"(%1, %v) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %3 = "onnx.Add"(%2, %x0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    heddle.yield %3 : tensor<2xf32>
  } combine {
  ^bb0(%x0: tensor<2xf32>, %x1: tensor<2xf32>):
    %1 = "onnx.Add"(%x0, %x1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    heddle.yield %1 : tensor<2xf32>
  }
  return %0#0 : tensor<2xf32>
}
