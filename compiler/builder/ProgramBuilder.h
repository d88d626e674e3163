// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds a program of the source and parallel level operation by operation, as heddle/builder.h does
// for users. Types are inferred as operations are added, so an operation that does not fit its
// operands is an error at once.
//
// Values are numbers. The first error stays: after it nothing is built and every value is kNoValue.
// Not thread-safe.

#ifndef HEDDLE_COMPILER_BUILDER_PROGRAMBUILDER_H
#define HEDDLE_COMPILER_BUILDER_PROGRAMBUILDER_H

#include "dialects/onnx/ShapeContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace heddle {

class ProgramBuilder {
public:
  using Id = int32_t;
  static constexpr Id kNoValue = -1;

  /// The context has the dialects of the compiler and the shape models.
  ProgramBuilder(mlir::MLIRContext &context, llvm::StringRef name);

  Id input(llvm::StringRef name, mlir::RankedTensorType type);
  Id constant(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);
  /// An operator of ONNX at its newest version; kNoValue stands for an operand that is left out.
  /// Attributes are the text of a dictionary, without braces.
  std::vector<Id> add(llvm::StringRef op, llvm::ArrayRef<Id> inputs, llvm::StringRef attributes,
                      size_t results);
  /// The value of a future.
  Id await(Id future);
  /// open, append, view, snapshot, fork or truncate of the dialect's caches.
  Id cache(llvm::StringRef what, llvm::ArrayRef<Id> inputs);
  void output(llvm::StringRef name, Id value);

  /// Opens an operation with regions: spawn, map, streams, scan or dag_scan. For a scan the first
  /// `states` inputs are the initial states, the others elements; for a dag_scan they are tables,
  /// followed by as many writes, the reads and elements.
  void begin(llvm::StringRef op, llvm::ArrayRef<Id> inputs, llvm::StringRef attributes,
             size_t states);
  /// Opens its next region and returns the region's arguments.
  std::vector<Id> region();
  void yield(llvm::ArrayRef<Id> values);
  /// Closes it and returns its results.
  std::vector<Id> end();

  /// Notes an error, unless there is one; returns false.
  bool fail(const llvm::Twine &message);
  const std::string &error() const { return firstError; }
  mlir::MLIRContext *context() { return builder.getContext(); }
  /// The module, verified; null after an error. Nothing can be added any more.
  mlir::OwningOpRef<mlir::ModuleOp> take();

private:
  /// Keeps the first error that is emitted while it lives.
  class ErrorKeeper {
  public:
    explicit ErrorKeeper(mlir::MLIRContext *context)
        : handler(context, [this](mlir::Diagnostic &diagnostic) {
            if (message.empty() && diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
              message = diagnostic.str();
            return llvm::success();
          }) {}
    std::string message;

  private:
    mlir::ScopedDiagnosticHandler handler;
  };

  /// An operation with regions that is not closed yet.
  struct Open {
    mlir::OperationState state;
    mlir::OpBuilder::InsertPoint after;
    size_t states;
    bool inRegion = false;
  };

  mlir::Location location(llvm::StringRef op);
  bool lookUp(llvm::ArrayRef<Id> ids, llvm::SmallVectorImpl<mlir::Value> &values);
  bool parseAttributes(llvm::StringRef text, mlir::NamedAttrList &attributes);
  bool infer(mlir::Operation *op, const ErrorKeeper &errors);
  Id remember(mlir::Value value);
  std::vector<Id> remember(mlir::ValueRange values);
  llvm::SmallVector<mlir::Type> argumentTypes(const Open &open);
  bool addResultTypes(Open &open);

  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp main;
  std::vector<mlir::Value> values;
  std::vector<Open> open;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> outputs;
  unsigned operations = 0; // added so far
  std::string firstError;
  std::optional<onnx::ShapeContext> shapes;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_BUILDER_PROGRAMBUILDER_H
