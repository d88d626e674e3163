// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the operations of a graph, its sub-graphs and the functions it calls.

#ifndef HEDDLE_FRONTENDS_ONNX_GRAPHIMPORTER_H
#define HEDDLE_FRONTENDS_ONNX_GRAPHIMPORTER_H

#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/FunctionTable.h"
#include "frontends/onnx/ImportOnnx.h"
#include "frontends/onnx/SourceNode.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

/// A function call that is being inlined.
struct CallFrame {
  const onnx_model::FunctionProto *function;
  const CallFrame *caller; ///< null: called from the model
  Opsets opsets;
  llvm::StringMap<const onnx_model::AttributeProto *> attributes;
  mlir::Location loc;
};

/// The values that nodes of one graph see. A function body's scope has no parent.
struct Scope {
  Scope *parent = nullptr;
  const CallFrame *frame = nullptr;
  llvm::StringMap<mlir::Value> values;
  llvm::StringMap<std::string> later; ///< results of nodes yet to come, with the nodes' labels
  llvm::StringMap<int32_t> declared;  ///< element types that the graph's value_info declares
  llvm::StringSet<> leftOut;          ///< inputs of a function that its call leaves out

  mlir::Value find(llvm::StringRef name) const;
  bool isLeftOut(llvm::StringRef name) const;
};

class GraphImporter {
public:
  GraphImporter(mlir::OpBuilder &builder, const FunctionTable &functions, Opsets opsets,
                ExternalData &external, const ImportOptions &options)
      : builder(builder), functions(functions), modelOpsets(std::move(opsets)), external(external),
        options(options), spareBytes(options.mostConstantBytes) {}

  /// Imports initialisers and nodes at the builder's insertion point. The scope holds the graph's
  /// inputs. Tensor data moves out of the graph in spite of the `const`, unless it is part of a
  /// function: it is too large to be held twice.
  absl::Status importGraph(const onnx_model::GraphProto &graph, Scope &scope);

  /// The values of the graph's outputs.
  absl::StatusOr<llvm::SmallVector<mlir::Value>> outputsOf(const onnx_model::GraphProto &graph,
                                                           const Scope &scope);

  /// Gives a name a value; names that are visible already cannot be given again.
  absl::Status define(Scope &scope, const std::string &name, mlir::Value value);

private:
  using Attributes = llvm::SmallVector<std::pair<std::string, const onnx_model::AttributeProto *>>;

  absl::Status importInitializers(const onnx_model::GraphProto &graph, Scope &scope);
  absl::Status importNodes(const google::protobuf::RepeatedPtrField<onnx_model::NodeProto> &nodes,
                           Scope &scope);
  absl::Status importNode(const onnx_model::NodeProto &proto, const std::string &label,
                          Scope &scope);
  absl::Status importPrimitive(const onnx_model::NodeProto &proto, const Attributes &attributes,
                               SourceNode &node, Scope &scope,
                               llvm::SmallVectorImpl<mlir::Value> &results);
  absl::Status importCustom(const onnx_model::NodeProto &proto, const Attributes &attributes,
                            SourceNode &node, Scope &scope,
                            llvm::SmallVectorImpl<mlir::Value> &results);
  absl::Status inlineFunction(const onnx_model::FunctionProto &function,
                              const Attributes &attributes, SourceNode &node, Scope &scope,
                              llvm::SmallVectorImpl<mlir::Value> &results);

  /// The node's attributes with references to function attributes resolved.
  absl::StatusOr<Attributes> resolveAttributes(const onnx_model::NodeProto &proto,
                                               const Scope &scope);
  absl::Status importOperands(const onnx_model::NodeProto &proto, SourceNode &node,
                              const Scope &scope);
  absl::Status importAttributes(const Attributes &attributes, const OperatorVersion &version,
                                SourceNode &node, Scope &scope);
  /// For operators that no table describes: each as the file says that it is.
  absl::StatusOr<mlir::NamedAttrList> attributesByKind(const Attributes &attributes,
                                                       const Scope &scope);
  absl::StatusOr<mlir::Attribute> importAttribute(const onnx_model::AttributeProto &proto,
                                                  AttributeType type, const Scope &scope);
  absl::StatusOr<mlir::Attribute> importTensor(const onnx_model::TensorProto &proto,
                                               const Scope &scope, llvm::StringRef key);
  absl::StatusOr<mlir::Attribute> importSparseTensor(const onnx_model::SparseTensorProto &proto,
                                                     llvm::StringRef key);
  absl::Status makeConstant(SourceNode &node);

  absl::Status importRegions(const Attributes &attributes, SourceNode &node, Scope &scope);
  absl::Status importRegion(const onnx_model::GraphProto &graph,
                            llvm::ArrayRef<mlir::Type> argumentTypes, SourceNode &node,
                            Scope &scope);
  absl::Status checkControlFlow(SourceNode &node);
  /// What the user declares of a loop, in the node's metadata.
  absl::Status importDeclarations(const onnx_model::NodeProto &proto,
                                  llvm::ArrayRef<mlir::Value> results);

  mlir::Location locationOf(llvm::StringRef name, llvm::StringRef op, const CallFrame *frame);
  const Opsets &opsetsOf(const Scope &scope) const {
    return scope.frame ? scope.frame->opsets : modelOpsets;
  }

  mlir::OpBuilder &builder;
  const FunctionTable &functions;
  Opsets modelOpsets;
  ExternalData &external;
  const ImportOptions &options;
  int64_t spareBytes; ///< what sparse tensors may still take
  unsigned depth = 0;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_GRAPHIMPORTER_H
