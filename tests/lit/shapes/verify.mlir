// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-verify-shapes -split-input-file -verify-diagnostics

func.func @main(%x: tensor<?xf32, #heddle.dims<["n"]>> {heddle.name = "x"})
    -> (tensor<?xf32, #heddle.dims<["n + 1"]>> {heddle.name = "y"}) {
  // expected-error@+1 {{'onnx.Exp' op result 0 has no known dimensions: 'tensor<*xf32>'}}
  %0 = "onnx.Exp"(%x) : (tensor<?xf32, #heddle.dims<["n"]>>) -> tensor<*xf32>
  // expected-error@+1 {{'onnx.Exp' op result 0 has the dimension 'm + 1', but no value defines 'm'}}
  %1 = "onnx.Exp"(%x) : (tensor<?xf32, #heddle.dims<["n"]>>) -> tensor<?xf32, #heddle.dims<["m + 1"]>>
  %2 = "onnx.Exp"(%x) : (tensor<?xf32, #heddle.dims<["n"]>>) -> tensor<?xf32, #heddle.dims<["n + 1"]>>
  return %2 : tensor<?xf32, #heddle.dims<["n + 1"]>>
}

// -----

// expected-error@+2 {{'func.func' op arguments 0 and 1 are both named "x"}}
// expected-error@+1 {{'func.func' op result 0 has no heddle.name}}
func.func @main(%x: tensor<1xf32> {heddle.name = "x"}, %y: tensor<1xf32> {heddle.name = "x"}) -> tensor<1xf32> {
  return %x : tensor<1xf32>
}

// -----

// expected-error@+1 {{has no function @main}}
module {
}
