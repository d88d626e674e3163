// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions of a model, and the operator sets that a model or function uses.

#ifndef HEDDLE_FRONTENDS_ONNX_FUNCTIONTABLE_H
#define HEDDLE_FRONTENDS_ONNX_FUNCTIONTABLE_H

#include "frontends/onnx/onnx_model.pb.h"

#include "absl/status/status.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace heddle {

/// The domain as it is looked up: ai.onnx has an empty one.
llvm::StringRef plainDomain(llvm::StringRef domain);

/// The version of each domain.
class Opsets {
public:
  using List = google::protobuf::RepeatedPtrField<onnx_model::OperatorSetProto>;

  Opsets() = default;
  explicit Opsets(const List &list);

  /// 0 where the domain is not imported.
  int64_t versionOf(llvm::StringRef domain) const { return versions.lookup(plainDomain(domain)); }
  const llvm::StringMap<int64_t> &all() const { return versions; }

private:
  llvm::StringMap<int64_t> versions;
};

class FunctionTable {
public:
  /// Refuses two functions of one name, functions that call themselves, and models that inlining
  /// would make too large.
  absl::Status build(const onnx_model::ModelProto &model);

  /// The function a node calls; null where it calls none. Functions hide operators.
  const onnx_model::FunctionProto *find(const onnx_model::NodeProto &node) const;

private:
  absl::Status checkExpansion(const onnx_model::ModelProto &model) const;

  llvm::StringMap<const onnx_model::FunctionProto *> functions;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_FUNCTIONTABLE_H
