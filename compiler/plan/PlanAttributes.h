// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments of calls as attributes, and back: JSON as MLIR's own attributes (null is unit), objects
// as dictionaries, references as numbers of operands.

#ifndef HEDDLE_COMPILER_PLAN_PLANATTRIBUTES_H
#define HEDDLE_COMPILER_PLAN_PLANATTRIBUTES_H

#include "dialects/heddle/Heddle.h"
#include "runtime/plan/template.h"

namespace heddle {

/// Collects the calls that arguments refer to while it turns them into attributes.
class ArgumentAttributes {
public:
  explicit ArgumentAttributes(mlir::MLIRContext &context) : builder(&context) {}

  /// Null where the template has what attributes cannot hold.
  mlir::Attribute of(const Template &argument);
  /// The calls referred to, each once: the operands that the references number.
  llvm::ArrayRef<CallId> calls() const { return operands; }
  llvm::StringRef problem() const { return why; }

private:
  mlir::Attribute of(const Json &value);
  mlir::Attribute of(const Reference &reference);
  mlir::Attribute of(const Template::Text &text);
  mlir::Attribute of(const Template::List &list);
  mlir::Attribute of(const Template::Object &object);
  template <typename Range> mlir::Attribute arrayOf(const Range &elements);
  mlir::Attribute dictionaryOf(llvm::ArrayRef<std::pair<llvm::StringRef, mlir::Attribute>> members);

  mlir::Builder builder;
  llvm::SmallVector<CallId> operands;
  std::string why;
};

/// The template of an attribute whose operands are the results of `calls`.
Template templateOf(mlir::Attribute attribute, llvm::ArrayRef<CallId> calls);

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_PLANATTRIBUTES_H
