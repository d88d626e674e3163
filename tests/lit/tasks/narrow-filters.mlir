// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --target-cpu x86-64-v3 --emit task -o %t && FileCheck %s < %t
// RUN: heddle compile --target-cpu x86-64-v3 %s -o %t.heddle
// RUN: heddle inspect %t.heddle | FileCheck %s --check-prefix=BYTES

// Filters of f16 that minimal filtering transforms are stored as they are, packed, and transformed before
// each run; the convolution reads both, and the f16 input itself.

// CHECK: task.graph @main
// CHECK: %[[FILTERS:.*]], %{{.*}} = task.launch @{{.*}}_transform(%[[PACKED:.*]]) {{.*}} : (tensor<36864xf16>) -> tensor<65536xf32>
// CHECK-NEXT: task.launch @{{.*}}(%arg0, %[[FILTERS]], %[[PACKED]]) {{.*}} : (tensor<1x64x28x28xf16>, tensor<65536xf32>, tensor<36864xf16>) -> tensor<1x64x28x28xf16>
// BYTES: "weights":73728}

func.func @main(%x: tensor<1x64x28x28xf16> {heddle.name = "x"}) -> (tensor<1x64x28x28xf16> {heddle.name = "y"}) {
  %w = "onnx.Constant"() <{value = dense<0.5> : tensor<64x64x3x3xf16>}> : () -> tensor<64x64x3x3xf16>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x28x28xf16>, tensor<64x64x3x3xf16>) -> tensor<1x64x28x28xf16>
  return %y : tensor<1x64x28x28xf16>
}
