// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The facts of the operator table: every version of every operator, and the operands and results of
// the newest versions. Read-only after the first use, safe to read from many threads.

#ifndef HEDDLE_FRONTENDS_ONNX_OPERATORTABLE_H
#define HEDDLE_FRONTENDS_ONNX_OPERATORTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace heddle {

enum class AttributeType {
  Int,
  Float,
  String,
  Ints,
  Floats,
  Strings,
  Tensor,
  SparseTensor,
  Graph,
  TypeProto
};

struct AttributeFact {
  llvm::StringRef name;
  AttributeType type;
  bool required;
  llvm::StringRef defaultText; ///< empty: none
};

/// One version of an operator. Counts of -1 have no upper bound.
struct OperatorVersion {
  llvm::StringRef domain; ///< "" is ai.onnx
  llvm::StringRef name;
  int since;
  int leastInputs, mostInputs, leastOutputs, mostOutputs;
  bool deprecated;
  llvm::ArrayRef<AttributeFact> attributes;

  const AttributeFact *attribute(llvm::StringRef name) const;
};

enum class Presence { Required, Optional, Variadic };

/// An operand or result. Formals with one type variable have one element type; bit i of the mask
/// allows the element type with the format's number i, bit 0 what is not a tensor.
struct Formal {
  llvm::StringRef name, variable;
  Presence presence;
  uint32_t mask;
};

/// Operands and results of an operator's newest version.
struct Signature {
  llvm::StringRef domain, name;
  int since;
  llvm::ArrayRef<Formal> operands, results;
};

/// All versions, oldest first; empty for an unknown operator.
llvm::ArrayRef<OperatorVersion> findVersions(llvm::StringRef domain, llvm::StringRef name);

/// The version that a model with this opset means. A deprecated version stands for its predecessor,
/// which it does not change. Null where there is none.
const OperatorVersion *findVersion(llvm::StringRef domain, llvm::StringRef name, int64_t opset);

/// Null for operators that exist no more.
const Signature *findSignature(llvm::StringRef domain, llvm::StringRef name);

/// "ai.onnx" for the domain "".
llvm::StringRef spelledDomain(llvm::StringRef domain);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_OPERATORTABLE_H
