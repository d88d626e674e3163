// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ONNX model file to the `onnx` dialect.
//
//   mlir::MLIRContext context;
//   heddle::ImportOptions options;
//   options.dims["batch"] = 1;
//   auto module = heddle::importOnnxModel(context, "model.onnx", options);
//   if (!module.ok()) std::cerr << module.status().message() << "\n";   // one line
//
// The module holds one function, @main. Its arguments are the model's inputs, ranked, with
// `#heddle.dims` where a dimension is not static; a dimension that the model does not name is named
// INPUT:AXIS. The attribute `heddle.name` of each argument and result is its name in the model;
// `heddle.declared_dims` of a result lists the dimensions that the model declares for it, which
// nothing relies on. Values inside are `tensor<*xT>` until shapes are inferred. `heddle.metadata`
// on the module says where the model comes from.
//
// Constants of up to 1024 elements are dense attributes, larger ones dense resources, 64-byte
// aligned: the elements in C order, a byte for a bool, two 4-bit elements in a byte, the first in
// the low half. Resources live as long as the context.
//
// Errors are InvalidArgument or NotFound for bad input and Unimplemented for what Heddle does not
// support; unsupported operators are listed all at once. The message names file, node, operator and
// version. A context is used by one import at a time.

#ifndef HEDDLE_FRONTENDS_ONNX_IMPORTONNX_H
#define HEDDLE_FRONTENDS_ONNX_IMPORTONNX_H

#include "absl/status/statusor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace heddle {

struct ImportOptions {
  /// Dimensions made static, by symbolic name or as INPUT:AXIS.
  std::map<std::string, int64_t> dims;
  /// Domains whose operators the user implements; their nodes become `onnx.Custom`.
  std::set<std::string> customDomains;
  /// No past of attention has room: caches may grow in its place. Runs of others are refused.
  bool pastsGrow = false;
  /// What constants may take that are larger in memory than in the file: sparse tensors, and what
  /// the model computes from constants.
  int64_t mostConstantBytes = int64_t(2) << 30;
};

/// The newest versions that are read.
inline constexpr int64_t newestIrVersion = 13;
inline constexpr int64_t newestOpset = 28;
inline constexpr int64_t newestMlOpset = 5;

/// How deep sub-graphs and function calls may nest.
inline constexpr unsigned deepestNesting = 64;

absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnxModel(mlir::MLIRContext &context, const std::string &path,
                const ImportOptions &options = {});

/// The same for a model in memory, which cannot have external data; `name` stands for the file in
/// errors.
absl::StatusOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnxBytes(mlir::MLIRContext &context, std::string_view bytes, const std::string &name,
                const ImportOptions &options = {});

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_IMPORTONNX_H
