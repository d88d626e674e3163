// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics

// All that is wrong is reported at once, what follows from an error is not.
func.func @several(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>, %i: tensor<2x3xi32>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Add' op cannot broadcast dimensions 2 and 4}}
  %0 = "onnx.Add"(%x, %y) : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.MatMul' op cannot multiply (2, 3) and (4, 3)}}
  %1 = "onnx.MatMul"(%x, %y) : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Mul' op expects operands of one element type, got 'f32' and 'i32'}}
  %2 = "onnx.Mul"(%x, %i) : (tensor<2x3xf32>, tensor<2x3xi32>) -> tensor<*xf32>
  %3 = "onnx.Add"(%0, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Softmax' op has axis 2, expected one in [-2, 2)}}
  %4 = "onnx.Softmax"(%x) {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %3 : tensor<*xf32>
}

// -----

func.func @reshape(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %0 = "onnx.Constant"() {value = dense<[4, -1]> : tensor<2xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Reshape' op cannot give 6 elements of (2, 3) the shape (4, -1)}}
  %1 = "onnx.Reshape"(%x, %0) : (tensor<2x3xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<6xf32>, %s: tensor<?xi64, #heddle.dims<["k"]>>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Reshape' op cannot tell the rank of its result: the shape has k elements}}
  %1 = "onnx.Reshape"(%x, %s) : (tensor<6xf32>, tensor<?xi64, #heddle.dims<["k"]>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// expected-error@+1 {{cannot tell the rank of input 'in', which is declared as 'tensor<*xf32>'}}
func.func @input(%x: tensor<*xf32> {heddle.name = "in"}) -> tensor<*xf32> {
  return %x : tensor<*xf32>
}

// -----

func.func @kernel(%x: tensor<1x3x4x4xf32>, %w: tensor<8x2x3x3xf32>, %v: tensor<8x3x9x9xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Conv' op expects 2 channels, for weights of (8, 2, 3, 3) and 1 groups, got 3}}
  %0 = "onnx.Conv"(%x, %w) : (tensor<1x3x4x4xf32>, tensor<8x2x3x3xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Conv' op has a kernel of (9, 9) that does not fit into (1, 3, 4, 4)}}
  %1 = "onnx.Conv"(%x, %v) : (tensor<1x3x4x4xf32>, tensor<8x3x9x9xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

func.func @ranks(%x: tensor<?x?xf32, #heddle.dims<["n", "m"]>>, %c: tensor<i1>) -> tensor<*xf32> {
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.If' op cannot tell the rank of result 0: its branches yield (n) and (n, m), and the condition is not known}}
  %0 = "onnx.If"(%c) ({
    onnx.Yield %x : tensor<?x?xf32, #heddle.dims<["n", "m"]>>
  }, {
    %1 = "onnx.Squeeze"(%x, %one) : (tensor<?x?xf32, #heddle.dims<["n", "m"]>>, tensor<*xi64>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }) : (tensor<i1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @loop(%x: tensor<4xf32>, %c: tensor<i1>) -> tensor<*xf32> {
  %zero = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Loop' op carries value 0 of (4), its body yields (1, 4): a change of rank is not supported}}
  %0 = "onnx.Loop"(%c, %x) ({
  ^bb0(%i: tensor<*xi64>, %k: tensor<*xi1>, %a: tensor<*xf32>):
    %1 = "onnx.Unsqueeze"(%a, %zero) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    onnx.Yield %k, %1 : tensor<*xi1>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 0, 1, 1>} : (tensor<i1>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @overflow(%x: tensor<4611686018427387904xi8>) -> tensor<*xi8> {
  // expected-error@+1 {{'onnx.Concat' op has a result 0 whose dimension 0 does not fit 64 bits or is too complex}}
  %0 = "onnx.Concat"(%x, %x, %x) {axis = 0 : i64} : (tensor<4611686018427387904xi8>, tensor<4611686018427387904xi8>, tensor<4611686018427387904xi8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

// No width has room for any number of heads.
func.func @heads(%x: tensor<1x2x0xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Attention' op expects q_num_heads and kv_num_heads for operands of rank 3, at most 65536}}
  %0 = "onnx.Attention"(%x, %x, %x) <{kv_num_heads = 4611686018427387904 : i64, q_num_heads = 4611686018427387904 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}> : (tensor<1x2x0xf32>, tensor<1x2x0xf32>, tensor<1x2x0xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// What rules compute with before a result of negative size is refused.
func.func @negative(%x: tensor<2x3xi64>) -> tensor<*xi64> {
  %two = "onnx.Constant"() {value = dense<-1> : tensor<2xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Tile' op has a result 0 whose dimension 0 would be -2}}
  %0 = "onnx.Tile"(%x, %two) : (tensor<2x3xi64>, tensor<*xi64>) -> tensor<*xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<1x1xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Expand' op has a result 0 whose dimension 0 would be -1}}
  %1 = "onnx.Expand"(%one, %two) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  return %0 : tensor<*xi64>
}

// -----

func.func @split(%x: tensor<6xi64>) -> tensor<*xi64> {
  %numbers = "onnx.Constant"() {value = dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi64>} : () -> tensor<*xi64>
  %sizes = "onnx.Constant"() {value = dense<[8, -2]> : tensor<2xi64>} : () -> tensor<*xi64>
  %size = "onnx.Constant"() {value = dense<6> : tensor<i64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Split' op has a result 1 of size -2}}
  %0:2 = "onnx.Split"(%numbers, %sizes) : (tensor<*xi64>, tensor<*xi64>) -> (tensor<*xi64>, tensor<*xi64>)
  // expected-error@+1 {{'onnx.Split' op expects the sizes of its results of rank 1, got ()}}
  %1:2 = "onnx.Split"(%x, %size) : (tensor<6xi64>, tensor<*xi64>) -> (tensor<*xi64>, tensor<*xi64>)
  return %0#0 : tensor<*xi64>
}

// -----

func.func @low_ranks(%x: tensor<f32>, %y: tensor<4xf32>, %z: tensor<1x1x1xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Trilu' op expects an operand of rank 2 or more, got (4)}}
  %0 = "onnx.Trilu"(%y) : (tensor<4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.MeanVarianceNormalization' op has axis 2, expected one in [-1, 1)}}
  %1 = "onnx.MeanVarianceNormalization"(%y) : (tensor<4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.LpNormalization' op has axis -1, expected one in [0, 0)}}
  %2 = "onnx.LpNormalization"(%x) : (tensor<f32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Clip' op expects a bound that broadcasts to (4), got (1, 1, 1)}}
  %3 = "onnx.Clip"(%y, %z) {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<4xf32>, tensor<1x1x1xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @numbers(%x: tensor<1x3x4x4xf32>, %w: tensor<3x1x3x3xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.LRN' op has -9223372036854775808 channels around each, expected one or more}}
  %0 = "onnx.LRN"(%x) {size = -9223372036854775808 : i64} : (tensor<1x3x4x4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.LpNormalization' op has the norm 3, expected 1 or 2}}
  %1 = "onnx.LpNormalization"(%x) {p = 3 : i64} : (tensor<1x3x4x4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.LpPool' op has the norm -2, expected 1 or more}}
  %2 = "onnx.LpPool"(%x) {p = -2 : i64, kernel_shape = array<i64: 2, 2>} : (tensor<1x3x4x4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.MaxPool' op has a kernel of more than 16777216 places}}
  %3 = "onnx.MaxPool"(%x) {kernel_shape = array<i64: 4294967296, 4294967296>, auto_pad = "SAME_UPPER"} : (tensor<1x3x4x4xf32>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.ConvTranspose' op has 0 groups}}
  %4 = "onnx.ConvTranspose"(%x, %w) {group = 0 : i64} : (tensor<1x3x4x4xf32>, tensor<3x1x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scales(%x: tensor<2x4xui8>, %one: tensor<f32>, %four: tensor<4xf32>, %blocks: tensor<2x2xf32>, %zero: tensor<0xui8>, %z: tensor<ui8>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.DequantizeLinear' op expects a zero point like the scale, got () and (0)}}
  %0 = "onnx.DequantizeLinear"(%x, %one, %zero) : (tensor<2x4xui8>, tensor<f32>, tensor<0xui8>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.DequantizeLinear' op expects a zero point like the scale, got (4) and ()}}
  %1 = "onnx.DequantizeLinear"(%x, %four, %z) : (tensor<2x4xui8>, tensor<4xf32>, tensor<ui8>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.DequantizeLinear' op expects equal sizes of the scale and the zero point, got 4 and 0}}
  %2 = "onnx.DequantizeLinear"(%x, %four, %zero) : (tensor<2x4xui8>, tensor<4xf32>, tensor<0xui8>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.DequantizeLinear' op has blocks of 9223372036854775807}}
  %3 = "onnx.DequantizeLinear"(%x, %blocks) {block_size = 9223372036854775807 : i64} : (tensor<2x4xui8>, tensor<2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Ranks that the number of some elements gives.
func.func @many_dimensions(%x: tensor<2x3xf32>, %n: tensor<1099511627776xi64>) -> tensor<*xf32> {
  // expected-error@+1 {{'onnx.Reshape' op would have a result of 1099511627776 dimensions, at most 32 are supported}}
  %0 = "onnx.Reshape"(%x, %n) : (tensor<2x3xf32>, tensor<1099511627776xi64>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.ConstantOfShape' op would have a result of 1099511627776 dimensions, at most 32 are supported}}
  %1 = "onnx.ConstantOfShape"(%n) : (tensor<1099511627776xi64>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Unsqueeze' op would have a result of 1099511627778 dimensions, at most 32 are supported}}
  %2 = "onnx.Unsqueeze"(%x, %n) : (tensor<2x3xf32>, tensor<1099511627776xi64>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Slice' op has 1099511627776 starts for (2, 3)}}
  %3 = "onnx.Slice"(%x, %n, %n) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<2x3xf32>, tensor<1099511627776xi64>, tensor<1099511627776xi64>) -> tensor<*xf32>
  %axes = "onnx.Constant"() {value = dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]> : tensor<31xi64>} : () -> tensor<*xi64>
  // expected-error@+1 {{'onnx.Unsqueeze' op has a result 0 of more than 32 dimensions}}
  %4 = "onnx.Unsqueeze"(%x, %axes) : (tensor<2x3xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
