// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes -split-input-file | FileCheck %s

// Branches that agree, and branches that do not: the If defines what differs.
// CHECK-LABEL: @branches
// CHECK: "onnx.If"
// CHECK: -> (tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<?x4xf32, #heddle.dims<["If_{{[0-9]+}}.1:0", "4"]>>)
func.func @branches(%c: tensor<i1>, %x: tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.If"(%c) ({
    %1 = "onnx.Exp"(%x) : (tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> tensor<*xf32>
    onnx.Yield %1, %1 : tensor<*xf32>, tensor<*xf32>
  }, {
    %1 = "onnx.Concat"(%x, %x) {axis = 0 : i64} : (tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> tensor<*xf32>
    onnx.Yield %x, %1 : tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<*xf32>
  }) : (tensor<i1>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A known condition: the branch stands in place of the If (the first region is the else branch).
// CHECK-LABEL: @known
// CHECK-NOT: onnx.If
// CHECK: "onnx.Squeeze"{{.*}} -> tensor<?xf32, #heddle.dims<["n"]>>
// CHECK-NOT: onnx.If
func.func @known(%x: tensor<?x1xf32, #heddle.dims<["n", "1"]>>) -> tensor<*xf32> {
  %shape = "onnx.Shape"(%x) {start = 1 : i64} : (tensor<?x1xf32, #heddle.dims<["n", "1"]>>) -> tensor<*xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %c = "onnx.Equal"(%shape, %one) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %0 = "onnx.If"(%c) ({
    %1 = "onnx.Identity"(%x) : (tensor<?x1xf32, #heddle.dims<["n", "1"]>>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }, {
    %1 = "onnx.Squeeze"(%x, %one) : (tensor<?x1xf32, #heddle.dims<["n", "1"]>>, tensor<*xi64>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }) : (tensor<*xi1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Branches of different ranks: what follows is in each of them.
// CHECK-LABEL: @ranks
// CHECK-SAME: -> tensor<f32>
// CHECK: "onnx.If"
// CHECK: "onnx.ReduceSum"(%{{.*}}) {{.*}} : (tensor<?x?xf32, {{.*}}) -> tensor<f32>
// CHECK: "onnx.ReduceSum"(%{{.*}}) {{.*}} : (tensor<?xf32, {{.*}}) -> tensor<f32>
func.func @ranks(%x: tensor<?x?xf32, #heddle.dims<["n", "m"]>>, %c: tensor<i1>) -> tensor<*xf32> {
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %0 = "onnx.If"(%c) ({
    onnx.Yield %x : tensor<?x?xf32, #heddle.dims<["n", "m"]>>
  }, {
    %1 = "onnx.Squeeze"(%x, %one) : (tensor<?x?xf32, #heddle.dims<["n", "m"]>>, tensor<*xi64>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }) : (tensor<i1>) -> tensor<*xf32>
  %2 = "onnx.ReduceSum"(%0) {keepdims = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// -----

// One of them cannot be run with what follows: the other one must be taken.
// CHECK-LABEL: @impossible
// CHECK: heddle.expect %arg1 is true, "{{.*}}expects A of rank 2{{.*}}" : tensor<i1>
// CHECK-NOT: onnx.If
// CHECK: "onnx.Gemm"
func.func @impossible(%x: tensor<?x4x?xf32, #heddle.dims<["n", "4", "m"]>>, %c: tensor<i1>, %w: tensor<4x5xf32>) -> tensor<*xf32> {
  %two = "onnx.Constant"() {value = dense<2> : tensor<1xi64>} : () -> tensor<*xi64>
  %0 = "onnx.If"(%c) ({
    onnx.Yield %x : tensor<?x4x?xf32, #heddle.dims<["n", "4", "m"]>>
  }, {
    %1 = "onnx.Squeeze"(%x, %two) : (tensor<?x4x?xf32, #heddle.dims<["n", "4", "m"]>>, tensor<*xi64>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }) : (tensor<i1>) -> tensor<*xf32>
  %2 = "onnx.Gemm"(%0, %w) : (tensor<*xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// -----

// A carried value that grows gets a symbol inside, another one after the loop; one that does not
// keeps its dimensions. Collected values have as many rows as there are iterations.
// CHECK-LABEL: @loop
// CHECK: "onnx.Loop"
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>, %[[GROWS:.*]]: tensor<?x4xf32, #heddle.dims<["Loop_[[N:[0-9]+]].in2:0", "4"]>>, %{{.*}}: tensor<?xf32, #heddle.dims<["n"]>>):
// CHECK: "onnx.Concat"{{.*}} -> tensor<?x4xf32, #heddle.dims<["Loop_[[N]].in2:0 + 1", "4"]>>
// CHECK: -> (tensor<?x4xf32, #heddle.dims<["Loop_[[N]]:0", "4"]>>, tensor<?xf32, #heddle.dims<["n"]>>, tensor<10x?xf32, #heddle.dims<["10", "n"]>>)
func.func @loop(%x: tensor<1x4xf32>, %y: tensor<?xf32, #heddle.dims<["n"]>>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %m = "onnx.Constant"() {value = dense<10> : tensor<i64>} : () -> tensor<*xi64>
  %0:3 = "onnx.Loop"(%m, %x, %y) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Concat"(%a, %x) {axis = 0 : i64} : (tensor<*xf32>, tensor<1x4xf32>) -> tensor<*xf32>
    %2 = "onnx.Exp"(%b) : (tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Identity"(%c) : (tensor<*xi1>) -> tensor<*xi1>
    onnx.Yield %3, %1, %2, %2 : tensor<*xi1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 2>} : (tensor<*xi64>, tensor<1x4xf32>, tensor<?xf32, #heddle.dims<["n"]>>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: @scan
// CHECK: ^bb0(%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>):
// CHECK: -> (tensor<4xf32>, tensor<4x?xf32, #heddle.dims<["4", "time"]>>)
func.func @scan(%s: tensor<4xf32>, %x: tensor<?x4xf32, #heddle.dims<["time", "4"]>>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %1, %1 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, scan_output_axes = array<i64: 1>} : (tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["time", "4"]>>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// What a loop carries and begins and grows alike has one length; what grows otherwise has its own.
// CHECK-LABEL: @alike
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>, %{{.*}}: tensor<?x4xf32, #heddle.dims<["[[N:[^"]*]]", "4"]>>, %{{.*}}: tensor<?x4xf32, #heddle.dims<["[[N]]", "4"]>>, %{{.*}}: tensor<?x4xf32, #heddle.dims<["[[M:Loop[^"]*in4:0]]", "4"]>>):
// CHECK: "onnx.Add"({{.*}} -> tensor<?x4xf32, #heddle.dims<["[[N]]", "4"]>>
func.func @alike(%x: tensor<1x4xf32>, %n: tensor<i64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0:3 = "onnx.Loop"(%n, %x, %x, %x) <{operandSegmentSizes = array<i32: 1, 0, 3>}> ({
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>, %b: tensor<*xf32>, %d: tensor<*xf32>):
    %1 = "onnx.Concat"(%a, %x) {axis = 0 : i64} : (tensor<*xf32>, tensor<1x4xf32>) -> tensor<*xf32>
    %2 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Concat"(%2, %x) {axis = 0 : i64} : (tensor<*xf32>, tensor<1x4xf32>) -> tensor<*xf32>
    %4 = "onnx.Concat"(%d, %d) {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %1, %3, %4 : tensor<i1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
  }) : (tensor<i64>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
