// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -split-input-file -verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func @all
// CHECK: heddle.cache.open
// CHECK: heddle.cache.append %{{.*}} to %{{.*}} : tensor<1x4xf32> to !heddle.cache<
// CHECK: heddle.cache.snapshot %{{.*}} : !heddle.cache<{{.*}} -> !heddle.snapshot<
// CHECK: heddle.cache.fork
// CHECK: heddle.cache.truncate %{{.*}} to %{{.*}} : !heddle.cache<{{.*}} to tensor<1xi64>
// CHECK: heddle.cache.view
func.func @all(%past: tensor<?x4xf32, #heddle.dims<["p", "4"]>>, %row: tensor<1x4xf32>, %length: tensor<1xi64>) -> tensor<?x4xf32, #heddle.dims<["m", "4"]>> {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["p", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  %1 = heddle.cache.append %row to %0 : tensor<1x4xf32> to !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>>
  %2 = heddle.cache.snapshot %1 : !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>> -> !heddle.snapshot<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>>
  %3 = heddle.cache.fork %2 : !heddle.snapshot<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>>
  %4 = heddle.cache.truncate %3 to %length : !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>> to tensor<1xi64> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["m", "4"]>>>
  %5 = heddle.cache.view %4 : !heddle.cache<tensor<?x4xf32, #heddle.dims<["m", "4"]>>> -> tensor<?x4xf32, #heddle.dims<["m", "4"]>>
  return %5 : tensor<?x4xf32, #heddle.dims<["m", "4"]>>
}

// -----

func.func @length(%past: tensor<?x4xf32, #heddle.dims<["p", "4"]>>, %row: tensor<1x4xf32>) {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["p", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  // expected-error @below {{has a result of p entries where there are p + 1}}
  %1 = heddle.cache.append %row to %0 : tensor<1x4xf32> to !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  return
}

// -----

func.func @entries(%past: tensor<?x4xf32, #heddle.dims<["p", "4"]>>, %row: tensor<1x5xf32>) {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["p", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  // expected-error @below {{has entries of other dimensions than the cache}}
  %1 = heddle.cache.append %row to %0 : tensor<1x5xf32> to !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>>
  return
}

// -----

// A snapshot is not appended to.
func.func @snapshot(%past: tensor<?x4xf32, #heddle.dims<["p", "4"]>>, %row: tensor<1x4xf32>) {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["p", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  %1 = heddle.cache.snapshot %0 : !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>> -> !heddle.snapshot<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  // expected-error @below {{operand #0 must be a version of something that grows}}
  %2 = "heddle.cache.append"(%1, %row) : (!heddle.snapshot<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>, tensor<1x4xf32>) -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p + 1", "4"]>>>
  return
}

// -----

func.func @view(%past: tensor<?x4xf32, #heddle.dims<["p", "4"]>>) {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["p", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>>
  // expected-error @below {{has a result of other entries than its operand}}
  %1 = heddle.cache.view %0 : !heddle.cache<tensor<?x4xf32, #heddle.dims<["p", "4"]>>> -> tensor<?x4xf32, #heddle.dims<["m", "4"]>>
  return
}

// -----

// expected-error @below {{entries lie along axis 0}}
func.func @scalar(%c: !heddle.cache<tensor<f32>>)

// -----

// expected-error @below {{do not begin at whole bytes}}
func.func @packed(%c: !heddle.cache<tensor<4x3xi4>>)
