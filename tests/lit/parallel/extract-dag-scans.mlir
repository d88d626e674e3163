// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-extract-dag-scans -split-input-file %s | FileCheck %s
// RUN: heddle-opt "-heddle-extract-dag-scans=form=blocks" -split-input-file %s | FileCheck %s --check-prefix=BLOCKS
// RUN: heddle-opt "-heddle-extract-dag-scans=form=blocks cores=1" -split-input-file %s | FileCheck %s --check-prefix=ONE
// RUN: heddle-opt -heddle-extract-dag-scans=form=pairing -split-input-file %s | FileCheck %s --check-prefix=PAIRS

// CHECK-LABEL: func @grid
// CHECK-SAME: heddle.constructs
// CHECK-SAME: kind = "dag_scan"
// CHECK-SAME: span = "26"
// CHECK-SAME: work = "96"
// CHECK: %[[LEFT:.*]] = "onnx.Expand"
// CHECK: heddle.grid_scan along(%[[LEFT]] : tensor<8xf32>) down(%{{.*}} : tensor<6xf32>) cells(%{{.*}} : tensor<8x6xf32>)
// CHECK-SAME: marks(tensor<8x6xf32>)
// CHECK: onnx.Max
// CHECK: onnx.Add
// CHECK-NOT: onnx.Scan
func.func @grid(%row: tensor<6xf32>, %c: tensor<8x6xf32>) -> (tensor<6xf32>, tensor<8x6xf32>) {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %last, %all = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %cr: tensor<6xf32>):
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %0 = "onnx.Max"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %1, %1 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    onnx.Yield %next, %next : tensor<6xf32>, tensor<6xf32>
  }) : (tensor<6xf32>, tensor<8x6xf32>) -> (tensor<6xf32>, tensor<8x6xf32>)
  return %last, %all : tensor<6xf32>, tensor<8x6xf32>
}

// -----

// What a row needs beside the row above is computed before the grid, what is made of it after.
// CHECK-LABEL: func @before_and_after
// CHECK: %[[BEFORE:.*]]:3 = "onnx.Scan"
// CHECK: onnx.Add
// CHECK: onnx.MatMul
// CHECK: heddle.grid_scan along(%[[BEFORE]]#1 : tensor<?xf32, #heddle.dims<["n"]>>) down(
// CHECK-SAME: cells(%[[BEFORE]]#2
// CHECK-SAME: columns(
// CHECK: "onnx.Scan"
// CHECK: onnx.ReduceSum
// CHECK-NOT: onnx.Scan
func.func @before_and_after(%row: tensor<6xf32>, %x: tensor<?x4xf32, #heddle.dims<["n", "4"]>>, %w: tensor<4x6xf32>, %b: tensor<6xf32>)
    -> (tensor<?xf32, #heddle.dims<["n"]>>, tensor<f32>) {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %last, %count, %total, %sums = "onnx.Scan"(%row, %zero, %zero, %x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %n: tensor<f32>, %t: tensor<f32>, %x0: tensor<4xf32>):
    %one = "onnx.Constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
    %n1 = "onnx.Add"(%n, %one) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %p = "onnx.MatMul"(%x0, %w) : (tensor<4xf32>, tensor<4x6xf32>) -> tensor<6xf32>
    %end, %next = "onnx.Scan"(%n1, %above, %p, %b) <{num_scan_inputs = 3 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>, %b0: tensor<f32>):
      %0 = "onnx.Max"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %2 = "onnx.Mul"(%1, %b0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %2, %2 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    %sum = "onnx.ReduceSum"(%next) {keepdims = 0 : i64} : (tensor<6xf32>) -> tensor<f32>
    %t1 = "onnx.Add"(%t, %sum) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    onnx.Yield %next, %n1, %t1, %sum : tensor<6xf32>, tensor<f32>, tensor<f32>, tensor<f32>
  }) : (tensor<6xf32>, tensor<f32>, tensor<f32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>)
    -> (tensor<6xf32>, tensor<f32>, tensor<f32>, tensor<?xf32, #heddle.dims<["n"]>>)
  return %sums, %total : tensor<?xf32, #heddle.dims<["n"]>>, tensor<f32>
}

// -----

// CHECK-LABEL: func @whole_row
// CHECK-SAME: reason = "a cell needs a node (ReduceMean), which depends on all cells of the row before"
// CHECK-NOT: heddle.grid_scan
func.func @whole_row(%row: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %cr: tensor<6xf32>):
    %mean = "onnx.ReduceMean"(%above) {keepdims = 0 : i64} : (tensor<6xf32>) -> tensor<f32>
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %0 = "onnx.Sub"(%u, %mean) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Add"(%l, %0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %1, %1 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    onnx.Yield %next : tensor<6xf32>
  }) : (tensor<6xf32>, tensor<8x6xf32>) -> tensor<6xf32>
  return %last : tensor<6xf32>
}

// -----

// The row is turned around between rows: a cell reads (x-1, W-1-y).
// CHECK-LABEL: func @mirrored
// CHECK-SAME: reason = "a cell needs what a node (Slice) makes of the whole row before"
// CHECK-NOT: heddle.grid_scan
func.func @mirrored(%row: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %from = "onnx.Constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %to = "onnx.Constant"() {value = dense<-9> : tensor<1xi64>} : () -> tensor<1xi64>
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %cr: tensor<6xf32>):
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %1 = "onnx.Add"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %2 = "onnx.Mul"(%1, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %2, %2 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    %turned = "onnx.Slice"(%next, %from, %to, %axis, %from) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6xf32>
    onnx.Yield %turned : tensor<6xf32>
  }) : (tensor<6xf32>, tensor<8x6xf32>) -> tensor<6xf32>
  return %last : tensor<6xf32>
}

// -----

// Each row begins with what the row before ended with: cells follow each other in one line.
// CHECK-LABEL: func @raster
// CHECK-SAME: reason = "a cell needs what a node (Scan) makes of the whole row before"
// CHECK-NOT: heddle.grid_scan
func.func @raster(%row: tensor<6xf32>, %s: tensor<f32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %last, %e = "onnx.Scan"(%row, %s, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %first: tensor<f32>, %cr: tensor<6xf32>):
    %end, %next = "onnx.Scan"(%first, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %1 = "onnx.Add"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %2 = "onnx.Mul"(%1, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %2, %2 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    onnx.Yield %next, %end : tensor<6xf32>, tensor<f32>
  }) : (tensor<6xf32>, tensor<f32>, tensor<8x6xf32>) -> (tensor<6xf32>, tensor<f32>)
  return %last : tensor<6xf32>
}

// -----

// The inner loop runs from the right: the cell above is there, but so it is for (x, y+1).
// CHECK-LABEL: func @backwards
// CHECK-SAME: reason = "a loop runs backwards
// CHECK-NOT: heddle.grid_scan
func.func @backwards(%row: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %cr: tensor<6xf32>):
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64, scan_input_directions = array<i64: 1, 0>}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %1 = "onnx.Add"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %1, %1 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    onnx.Yield %next : tensor<6xf32>
  }) : (tensor<6xf32>, tensor<8x6xf32>) -> tensor<6xf32>
  return %last : tensor<6xf32>
}

// -----

// Nothing is carried along the row: no grid, and nothing to say.
// CHECK-LABEL: func @rows_only
// CHECK-NOT: heddle.sequential
// CHECK-NOT: heddle.grid_scan
func.func @rows_only(%row: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6xf32>, %cr: tensor<6xf32>):
    %next = "onnx.Scan"(%above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%u: tensor<f32>, %c0: tensor<f32>):
      %1 = "onnx.Add"(%c0, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %1 : tensor<f32>
    }) : (tensor<6xf32>, tensor<6xf32>) -> tensor<6xf32>
    onnx.Yield %next : tensor<6xf32>
  }) : (tensor<6xf32>, tensor<8x6xf32>) -> tensor<6xf32>
  return %last : tensor<6xf32>
}

// -----

// Nodes in topological order, their predecessors in a table.
// CHECK-LABEL: func @nodes
// CHECK: heddle.dag_scan tables(%{{.*}} : tensor<9x4xf32>) writes(%{{.*}} : tensor<7xi64>) reads(%{{.*}} : tensor<7x2xi64>) of [0] over(%{{.*}} : tensor<7x4xf32>)
// CHECK-SAME: -> (tensor<9x4xf32>)
// CHECK: onnx.ReduceSum
// CHECK-NOT: onnx.Scan
func.func @nodes(%t: tensor<9x4xf32>, %i: tensor<7x1xi64>, %p: tensor<7x2xi64>, %x: tensor<7x4xf32>) -> tensor<9x4xf32> {
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %h = "onnx.Scan"(%t, %i, %p, %x) <{num_scan_inputs = 3 : i64}> ({
  ^bb0(%h0: tensor<9x4xf32>, %i0: tensor<1xi64>, %p0: tensor<2xi64>, %x0: tensor<4xf32>):
    %before = "onnx.Gather"(%h0, %p0) {axis = 0 : i64} : (tensor<9x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
    %sum = "onnx.ReduceSum"(%before, %axis) {keepdims = 0 : i64} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<4xf32>
    %row = "onnx.Add"(%sum, %x0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %h1 = "onnx.ScatterND"(%h0, %i0, %row) : (tensor<9x4xf32>, tensor<1xi64>, tensor<4xf32>) -> tensor<9x4xf32>
    onnx.Yield %h1 : tensor<9x4xf32>
  }) : (tensor<9x4xf32>, tensor<7x1xi64>, tensor<7x2xi64>, tensor<7x4xf32>) -> tensor<9x4xf32>
  return %h : tensor<9x4xf32>
}

// -----

// Edges: what is added to a row is added to what is there.
// CHECK-LABEL: func @edges
// CHECK: heddle.dag_scan tables({{.*}}) writes(%[[TO:.*]] : tensor<7xi64>) reads(%{{.*}}, %[[TO]] : tensor<7xi64>, tensor<7xi64>) of [0, 0]
func.func @edges(%t: tensor<9xf32>, %from: tensor<7xi64>, %to: tensor<7x1xi64>, %w: tensor<7x1xf32>) -> tensor<9xf32> {
  %h = "onnx.Scan"(%t, %from, %to, %w) <{num_scan_inputs = 3 : i64}> ({
  ^bb0(%h0: tensor<9xf32>, %f0: tensor<i64>, %t0: tensor<1xi64>, %w0: tensor<1xf32>):
    %source = "onnx.Gather"(%h0, %f0) {axis = 0 : i64} : (tensor<9xf32>, tensor<i64>) -> tensor<f32>
    %row = "onnx.Mul"(%source, %w0) : (tensor<f32>, tensor<1xf32>) -> tensor<1xf32>
    %h1 = "onnx.ScatterElements"(%h0, %t0, %row) {reduction = "add"} : (tensor<9xf32>, tensor<1xi64>, tensor<1xf32>) -> tensor<9xf32>
    onnx.Yield %h1 : tensor<9xf32>
  }) : (tensor<9xf32>, tensor<7xi64>, tensor<7x1xi64>, tensor<7x1xf32>) -> tensor<9xf32>
  return %h : tensor<9xf32>
}

// -----

// Where the next step reads, this one decides.
// CHECK-LABEL: func @pointers
// CHECK-SAME: reason = "where a node (Gather) reads depends on the recurrence itself"
// CHECK-NOT: heddle.dag_scan
func.func @pointers(%t: tensor<9xi64>, %i: tensor<7x1xi64>) -> tensor<9xi64> {
  %h = "onnx.Scan"(%t, %i) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%h0: tensor<9xi64>, %i0: tensor<1xi64>):
    %next = "onnx.Gather"(%h0, %i0) {axis = 0 : i64} : (tensor<9xi64>, tensor<1xi64>) -> tensor<1xi64>
    %row = "onnx.Gather"(%h0, %next) {axis = 0 : i64} : (tensor<9xi64>, tensor<1xi64>) -> tensor<1xi64>
    %h1 = "onnx.ScatterElements"(%h0, %i0, %row) : (tensor<9xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<9xi64>
    onnx.Yield %h1 : tensor<9xi64>
  }) : (tensor<9xi64>, tensor<7x1xi64>) -> tensor<9xi64>
  return %h : tensor<9xi64>
}

// -----

// CHECK-LABEL: func @whole_table
// CHECK-SAME: reason = "a node (ReduceMax) reads the table in another way than row by row"
// CHECK-NOT: heddle.dag_scan
func.func @whole_table(%t: tensor<9xf32>, %i: tensor<7x1xi64>) -> tensor<9xf32> {
  %h = "onnx.Scan"(%t, %i) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%h0: tensor<9xf32>, %i0: tensor<1xi64>):
    %row = "onnx.ReduceMax"(%h0) {keepdims = 1 : i64} : (tensor<9xf32>) -> tensor<1xf32>
    %h1 = "onnx.ScatterElements"(%h0, %i0, %row) : (tensor<9xf32>, tensor<1xi64>, tensor<1xf32>) -> tensor<9xf32>
    onnx.Yield %h1 : tensor<9xf32>
  }) : (tensor<9xf32>, tensor<7x1xi64>) -> tensor<9xf32>
  return %h : tensor<9xf32>
}

// -----

// A column of the table, not a row.
// CHECK-LABEL: func @columns
// CHECK-SAME: reason = "a node (Gather) reads the table in another way than row by row"
// CHECK-NOT: heddle.dag_scan
func.func @columns(%t: tensor<4x4xf32>, %i: tensor<7x1xi64>) -> tensor<4x4xf32> {
  %h = "onnx.Scan"(%t, %i) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%h0: tensor<4x4xf32>, %i0: tensor<1xi64>):
    %c = "onnx.Gather"(%h0, %i0) {axis = 1 : i64} : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<4x1xf32>
    %shape = "onnx.Constant"() {value = dense<4> : tensor<1xi64>} : () -> tensor<1xi64>
    %row = "onnx.Reshape"(%c, %shape) : (tensor<4x1xf32>, tensor<1xi64>) -> tensor<4xf32>
    %h1 = "onnx.ScatterND"(%h0, %i0, %row) : (tensor<4x4xf32>, tensor<1xi64>, tensor<4xf32>) -> tensor<4x4xf32>
    onnx.Yield %h1 : tensor<4x4xf32>
  }) : (tensor<4x4xf32>, tensor<7x1xi64>) -> tensor<4x4xf32>
  return %h : tensor<4x4xf32>
}

// -----

// A table of dynamic programming: a row with its edge as element 0, read as a whole but the last and
// as a whole but the first. The cell above to the left goes along the row.
// CHECK-LABEL: func @edged_rows
// CHECK: heddle.grid_scan along(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>) down(%{{.*}} : tensor<6xf32>) cells(%{{.*}} : tensor<8x6xf32>)
// CHECK: ^bb0(%[[L:.*]]: tensor<f32>, %[[LU:.*]]: tensor<f32>, %[[U:.*]]: tensor<f32>, %[[C:.*]]: tensor<f32>):
// CHECK: %[[S:.*]] = "onnx.Add"(%[[LU]], %[[C]])
// CHECK: %[[M:.*]] = "onnx.Min"(%[[L]], %[[U]], %[[S]])
// CHECK: heddle.yield %[[M]], %[[U]], %[[M]] : tensor<f32>, tensor<f32>, tensor<f32>
// CHECK: "onnx.Concat"
// CHECK-SAME: -> tensor<7xf32>
func.func @edged_rows(%row: tensor<7xf32>, %c: tensor<8x6xf32>) -> tensor<7xf32> {
  %zero = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %last = "onnx.Constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = "onnx.Constant"() {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<1xi64>
  %step = "onnx.Constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%r: tensor<7xf32>, %cr: tensor<6xf32>):
    %left = "onnx.Slice"(%r, %zero, %last, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6xf32>
    %above = "onnx.Slice"(%r, %one, %end, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6xf32>
    %corner = "onnx.Slice"(%cr, %zero, %one, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xf32>
    %edge = "onnx.Add"(%corner, %step) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %first = "onnx.Squeeze"(%edge, %zero) : (tensor<1xf32>, tensor<1xi64>) -> tensor<f32>
    %e, %cells = "onnx.Scan"(%first, %left, %above, %cr) <{num_scan_inputs = 3 : i64}> ({
    ^bb1(%l: tensor<f32>, %lu: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %s = "onnx.Add"(%lu, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %m = "onnx.Min"(%l, %u, %s) : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %m, %m : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    %next = "onnx.Concat"(%edge, %cells) {axis = 0 : i64} : (tensor<1xf32>, tensor<6xf32>) -> tensor<7xf32>
    onnx.Yield %next : tensor<7xf32>
  }) : (tensor<7xf32>, tensor<8x6xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

// The cell above to the right: one that an anti-diagonal does not have yet.
// CHECK-LABEL: func @above_right
// CHECK-SAME: reason = "a cell needs a node (Slice), which depends on all cells of the row before"
// CHECK-NOT: heddle.grid_scan
func.func @above_right(%row: tensor<7xf32>, %c: tensor<8x6xf32>) -> tensor<7xf32> {
  %zero = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %end = "onnx.Constant"() {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<1xi64>
  %edge = "onnx.Constant"() {value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %first = "onnx.Constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %0 = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%r: tensor<7xf32>, %cr: tensor<6xf32>):
    %above = "onnx.Slice"(%r, %one, %end, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6xf32>
    %e, %cells = "onnx.Scan"(%first, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %s = "onnx.Add"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %m = "onnx.Min"(%s, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %m, %m : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
    // The edge stands at the end: element y + 1 is the cell above to the right.
    %next = "onnx.Concat"(%cells, %edge) {axis = 0 : i64} : (tensor<6xf32>, tensor<1xf32>) -> tensor<7xf32>
    onnx.Yield %next : tensor<7xf32>
  }) : (tensor<7xf32>, tensor<8x6xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

// Diagonals of six cells of two states of 16 KB do not fit near a core: cell by cell. In blocks, 4 of rows and
// 4 of columns for two cores, there are 7 diagonals of up to 2 x 2 cells. One core has no use for them.
// CHECK-LABEL: func @heavy
// CHECK-SAME: form = "recurrent"
// BLOCKS-LABEL: func @heavy
// BLOCKS-SAME: form = "blocks"
// BLOCKS-SAME: span = "56"
// ONE-LABEL: func @heavy
// ONE-SAME: form = "recurrent"
// ONE-SAME: span = "96"
// PAIRS-LABEL: func @heavy
// PAIRS-SAME: form = "wavefront"
func.func @heavy(%row: tensor<6x64x64xf32>, %c: tensor<8x6x64x64xf32>) -> tensor<6x64x64xf32> {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<64x64xf32>} : () -> tensor<64x64xf32>
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<6x64x64xf32>, %cr: tensor<6x64x64xf32>):
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<64x64xf32>, %u: tensor<64x64xf32>, %c0: tensor<64x64xf32>):
      %0 = "onnx.Max"(%l, %u) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
      %1 = "onnx.Add"(%0, %c0) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
      onnx.Yield %1, %1 : tensor<64x64xf32>, tensor<64x64xf32>
    }) : (tensor<64x64xf32>, tensor<6x64x64xf32>, tensor<6x64x64xf32>) -> (tensor<64x64xf32>, tensor<6x64x64xf32>)
    onnx.Yield %next : tensor<6x64x64xf32>
  }) : (tensor<6x64x64xf32>, tensor<8x6x64x64xf32>) -> tensor<6x64x64xf32>
  return %last : tensor<6x64x64xf32>
}

// -----

// A linear cell by pairs of blocks: eight levels for 16 x 16 cells, whose products have sums.
// PAIRS-LABEL: func @linear
// PAIRS-SAME: form = "pairing"
// PAIRS-SAME: in 8 levels of products of matrices
func.func @linear(%row: tensor<16xf32>, %c: tensor<16x16xf32>) -> tensor<16xf32> {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %last = "onnx.Scan"(%row, %c) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%above: tensor<16xf32>, %cr: tensor<16xf32>):
    %end, %next = "onnx.Scan"(%zero, %above, %cr) <{num_scan_inputs = 2 : i64}> ({
    ^bb1(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %0 = "onnx.Mul"(%l, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Add"(%0, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      onnx.Yield %1, %1 : tensor<f32>, tensor<f32>
    }) : (tensor<f32>, tensor<16xf32>, tensor<16xf32>) -> (tensor<f32>, tensor<16xf32>)
    onnx.Yield %next : tensor<16xf32>
  }) : (tensor<16xf32>, tensor<16x16xf32>) -> tensor<16xf32>
  return %last : tensor<16xf32>
}
