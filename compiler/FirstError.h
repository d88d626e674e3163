// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Diagnostics of MLIR as a status of one line: the first error that a context has while it lives.
//
//   FirstError error(context);
//   if (failed(passes.run(module)))
//     return error.status("optimising");

#ifndef HEDDLE_COMPILER_FIRSTERROR_H
#define HEDDLE_COMPILER_FIRSTERROR_H

#include "absl/status/status.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace heddle {

class FirstError {
public:
  explicit FirstError(mlir::MLIRContext &context)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          if (message.empty() && diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
            describe(diagnostic);
          }
          return mlir::success();
        }) {}

  absl::Status status(const std::string &phase,
                      absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    return absl::Status(code, message.empty() ? phase + " failed" : message);
  }

private:
  /// A node as the importer names it: "node 'x' (Tile): has ..." and not "loc(...): 'onnx.Tile' op
  /// has ...".
  void describe(mlir::Diagnostic &diagnostic) {
    std::string text = diagnostic.str();
    llvm::raw_string_ostream os(message);
    auto node = llvm::dyn_cast<mlir::NameLoc>(diagnostic.getLocation());
    auto op = node ? llvm::dyn_cast<mlir::NameLoc>(node.getChildLoc()) : mlir::NameLoc();
    if (!op) {
      if (node)
        os << node.getName().strref() << ": ";
      else if (!llvm::isa<mlir::UnknownLoc>(diagnostic.getLocation()))
        os << diagnostic.getLocation() << ": ";
      os << text;
      return;
    }
    llvm::StringRef rest = text;
    rest.consume_front(("'onnx." + op.getName().strref() + "' op ").str());
    os << "node '" << node.getName().strref() << "' (" << op.getName().strref() << "): " << rest;
  }

  std::string message;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_FIRSTERROR_H
