// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-compose-movement %s | FileCheck %s

// Even and odd columns of the odd rows read the image once.
// CHECK-LABEL: func @focus
// CHECK-COUNT-2: "onnx.Slice"(%arg0, {{.*}}> : (tensor<1x3x8x8xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<1x3x4x4xf32>
// CHECK-NOT: "onnx.Slice"
func.func @focus(%x: tensor<1x3x8x8xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %two = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %three = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %end = "onnx.Constant"() <{value = dense<8> : tensor<1xi64>}> : () -> tensor<1xi64>
  %rows = "onnx.Slice"(%x, %one, %end, %two, %two) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (tensor<1x3x8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3x4x8xf32>
  %even = "onnx.Slice"(%rows, %zero, %end, %three, %two) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (tensor<1x3x4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3x4x4xf32>
  %odd = "onnx.Slice"(%rows, %one, %end, %three, %two) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (tensor<1x3x4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x3x4x4xf32>
  return %even, %odd : tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>
}

// Slices of one axis, and one that something else reads, stay.
// CHECK-LABEL: func @stay
// CHECK: "onnx.Slice"(%arg0
// CHECK: "onnx.Slice"(%{{[0-9]+}}
// CHECK: "onnx.Slice"(%arg0
// CHECK: "onnx.Slice"(%{{[0-9]+}}
func.func @stay(%x: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<6x8xf32>, tensor<6x4xf32>) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %two = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %six = "onnx.Constant"() <{value = dense<6> : tensor<1xi64>}> : () -> tensor<1xi64>
  %end = "onnx.Constant"() <{value = dense<8> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.Slice"(%x, %two, %end, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x8xf32>
  %b = "onnx.Slice"(%a, %two, %six, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<6x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x8xf32>
  %c = "onnx.Slice"(%x, %zero, %six, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x8xf32>
  %d = "onnx.Slice"(%c, %two, %six, %one) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<6x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x4xf32>
  return %b, %c, %d : tensor<4x8xf32>, tensor<6x8xf32>, tensor<6x4xf32>
}

// Parts are transposed where they then follow each other in the result.
// CHECK-LABEL: func @transposed
// CHECK: %[[A:.*]] = "onnx.Transpose"(%arg0) {{.*}} -> tensor<1x3x8xf32>
// CHECK: %[[B:.*]] = "onnx.Transpose"(%arg1) {{.*}} -> tensor<1x2x8xf32>
// CHECK: "onnx.Concat"(%[[A]], %[[B]]) <{axis = 1 : i64}>
func.func @transposed(%a: tensor<1x8x3xf32>, %b: tensor<1x8x2xf32>) -> tensor<1x5x8xf32> {
  %0 = "onnx.Concat"(%a, %b) <{axis = -1 : i64}> : (tensor<1x8x3xf32>, tensor<1x8x2xf32>) -> tensor<1x8x5xf32>
  %1 = "onnx.Transpose"(%0) <{perm = array<i64: 0, 2, 1>}> : (tensor<1x8x5xf32>) -> tensor<1x5x8xf32>
  return %1 : tensor<1x5x8xf32>
}

// What is done to every element is done where the parts are made; what differs along the axis is not.
// CHECK-LABEL: func @elementwise
// CHECK: %[[A:.*]] = "onnx.Relu"(%arg0)
// CHECK: %[[B:.*]] = "onnx.Relu"(%arg1)
// CHECK: %[[Q:.*]] = "onnx.QuantizeLinear"(%[[A]]
// CHECK: %[[R:.*]] = "onnx.QuantizeLinear"(%[[B]]
// CHECK: "onnx.Concat"(%[[Q]], %[[R]])
// CHECK: %[[C:.*]] = "onnx.Concat"
// CHECK: "onnx.Mul"(%[[C]]
func.func @elementwise(%a: tensor<1x2x4xf32>, %b: tensor<1x3x4xf32>, %scale: tensor<f32>, %zero: tensor<i8>,
                       %factors: tensor<5x1xf32>) -> (tensor<1x5x4xi8>, tensor<1x5x4xf32>) {
  %0 = "onnx.Concat"(%a, %b) <{axis = 1 : i64}> : (tensor<1x2x4xf32>, tensor<1x3x4xf32>) -> tensor<1x5x4xf32>
  %1 = "onnx.Relu"(%0) : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %2 = "onnx.QuantizeLinear"(%1, %scale, %zero) : (tensor<1x5x4xf32>, tensor<f32>, tensor<i8>) -> tensor<1x5x4xi8>
  %3 = "onnx.Concat"(%a, %b) <{axis = 1 : i64}> : (tensor<1x2x4xf32>, tensor<1x3x4xf32>) -> tensor<1x5x4xf32>
  %4 = "onnx.Mul"(%3, %factors) : (tensor<1x5x4xf32>, tensor<5x1xf32>) -> tensor<1x5x4xf32>
  return %2, %4 : tensor<1x5x4xi8>, tensor<1x5x4xf32>
}

// Parts of rows do not lie together; leading parts of the only image do.
// CHECK-LABEL: func @parts
// CHECK: "onnx.Slice"(%arg0, {{.*}} -> tensor<8x2xf32>
// CHECK: "onnx.Slice"(%arg0, {{.*}} -> tensor<8x4xf32>
// CHECK: "onnx.Split"
// CHECK-NOT: "onnx.Split"
func.func @parts(%x: tensor<8x6xf32>) -> (tensor<8x2xf32>, tensor<8x4xf32>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %sizes = "onnx.Constant"() <{value = dense<[2, 4]> : tensor<2xi64>}> : () -> tensor<2xi64>
  %0, %1 = "onnx.Split"(%x, %sizes) <{axis = -1 : i64}> : (tensor<8x6xf32>, tensor<2xi64>) -> (tensor<8x2xf32>, tensor<8x4xf32>)
  %2, %3 = "onnx.Split"(%x) <{axis = 0 : i64}> : (tensor<8x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>)
  return %0, %1, %2, %3 : tensor<8x2xf32>, tensor<8x4xf32>, tensor<4x6xf32>, tensor<4x6xf32>
}
