// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ImportOnnx.h"

#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/FileBytes.h"
#include "frontends/onnx/GraphImporter.h"
#include "frontends/onnx/ImportTypes.h"
#include "frontends/onnx/Metadata.h"
#include "frontends/onnx/ModelFile.h"
#include "frontends/onnx/Refusals.h"
#include "runtime/artifact/sha256.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

#include <filesystem>
#include <future>

using namespace mlir;

namespace heddle {

namespace {

/// Builds the module of one model.
class ModelImporter {
public:
  ModelImporter(MLIRContext &context, onnx_model::ModelProto &model, StringRef source,
                const std::string &folder, const ImportOptions &options)
      : context(context), model(model), source(source), options(options), external(folder),
        inputTypes(&context, options), builder(&context) {}

  absl::StatusOr<OwningOpRef<ModuleOp>> run() {
    HEDDLE_RETURN_IF_ERROR(functions.build(model));
    HEDDLE_RETURN_IF_ERROR(checkOperators(model, functions, options));
    HEDDLE_RETURN_IF_ERROR(collectInputs());
    OwningOpRef<ModuleOp> module =
        ModuleOp::create(builder, FileLineColLoc::get(&context, source, 0, 0));
    // Before the tensors' data moves out of the model.
    (*module)->setAttr("heddle.metadata", describeModel(&context, model, source));
    HEDDLE_RETURN_IF_ERROR(buildFunction(*module));
    return module;
  }

private:
  /// Finds the inputs that are no initialisers.
  absl::Status collectInputs() {
    llvm::StringSet<> initializers, names;
    for (const onnx_model::TensorProto &tensor : model.graph().initializer())
      initializers.insert(tensor.name());
    for (const onnx_model::SparseTensorProto &tensor : model.graph().sparse_initializer())
      initializers.insert(tensor.values().name());
    for (const onnx_model::ValueInfoProto &input : model.graph().input()) {
      if (initializers.contains(input.name()))
        continue;
      if (input.name().empty())
        return invalidInput("an input has no name");
      if (!names.insert(input.name()).second)
        return invalidInput("there are two inputs '" + input.name() + "'");
      inputs.push_back(&input);
      inputTypes.declare(input);
    }
    for (const onnx_model::ValueInfoProto *input : inputs) {
      HEDDLE_ASSIGN_OR_RETURN(RankedTensorType type, inputTypes.typeOf(*input));
      (void)type;
    }
    HEDDLE_RETURN_IF_ERROR(inputTypes.checkOptions());
    for (const onnx_model::ValueInfoProto *input : inputs) {
      HEDDLE_ASSIGN_OR_RETURN(RankedTensorType type, inputTypes.typeOf(*input));
      types.push_back(type);
    }
    return absl::OkStatus();
  }

  absl::Status buildFunction(ModuleOp module) {
    builder.setInsertionPointToEnd(module.getBody());
    Location loc = NameLoc::get(
        builder.getStringAttr(model.graph().name().empty() ? "main" : model.graph().name()));
    auto function = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(types, {}));
    Block *block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
    GraphImporter importer(builder, functions, Opsets(model.opset_import()), external, options);
    Scope scope;
    for (auto [input, argument] : llvm::zip(inputs, block->getArguments())) {
      argument.setLoc(NameLoc::get(builder.getStringAttr(input->name())));
      HEDDLE_RETURN_IF_ERROR(importer.define(scope, input->name(), argument));
    }
    HEDDLE_RETURN_IF_ERROR(importer.importGraph(model.graph(), scope));
    HEDDLE_RETURN_IF_ERROR(checkOutputs());
    HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results, importer.outputsOf(model.graph(), scope));
    func::ReturnOp::create(builder, loc, results);
    function.setFunctionType(builder.getFunctionType(types, ValueRange(results).getTypes()));
    for (auto [index, input] : llvm::enumerate(inputs))
      function.setArgAttr(index, "heddle.name", builder.getStringAttr(input->name()));
    for (auto [index, output] : llvm::enumerate(model.graph().output())) {
      function.setResultAttr(index, "heddle.name", builder.getStringAttr(output.name()));
      if (output.type().tensor_type().has_shape())
        function.setResultAttr(index, "heddle.declared_dims", declaredDims(output));
    }
    return absl::OkStatus();
  }

  absl::Status checkOutputs() {
    llvm::StringSet<> names;
    if (model.graph().output_size() == 0)
      return invalidInput("the model has no outputs");
    for (const onnx_model::ValueInfoProto &output : model.graph().output()) {
      if (output.type().value_case() != onnx_model::TypeProto::VALUE_NOT_SET &&
          !notATensor(output.type()).empty())
        return unsupported("output '" + output.name() + "' is " + notATensor(output.type()) +
                           "; only tensors are supported");
      if (!names.insert(output.name()).second)
        return invalidInput("there are two outputs '" + output.name() + "'");
    }
    return absl::OkStatus();
  }

  ArrayAttr declaredDims(const onnx_model::ValueInfoProto &output) {
    SmallVector<std::string> dims;
    for (const auto &dim : output.type().tensor_type().shape().dim())
      dims.push_back(dim.has_dim_value()   ? std::to_string(dim.dim_value())
                     : dim.has_dim_param() ? dim.dim_param()
                                           : "?");
    return builder.getStrArrayAttr(SmallVector<StringRef>(dims.begin(), dims.end()));
  }

  MLIRContext &context;
  const onnx_model::ModelProto &model;
  StringRef source;
  const ImportOptions &options;
  ExternalData external;
  FunctionTable functions;
  InputTypes inputTypes;
  OpBuilder builder;
  SmallVector<const onnx_model::ValueInfoProto *> inputs;
  SmallVector<Type> types;
};

absl::StatusOr<OwningOpRef<ModuleOp>> importBytes(MLIRContext &context, std::string_view bytes,
                                                  const std::string &name,
                                                  const std::string &folder,
                                                  const ImportOptions &options) {
  context.loadDialect<func::FuncDialect, onnx::OnnxDialect, HeddleDialect>();
  // Of all bytes, which takes as long as reading them does.
  auto digest = std::async(std::launch::async,
                           [bytes] { return HexText(Sha256Of(bytes.data(), bytes.size())); });
  onnx_model::ModelProto model;
  absl::Status parsed = parseModel(bytes, model);
  if (!parsed.ok())
    return prefixed(name + ": ", parsed);
  std::string file = std::filesystem::path(name).filename().string();
  auto module = ModelImporter(context, model, file, folder, options).run();
  if (!module.ok())
    return prefixed(name + ": ", module.status());
  // Which of the files of this name it was.
  NamedAttrList metadata((**module)->getAttrOfType<DictionaryAttr>("heddle.metadata"));
  metadata.set("source_digest", StringAttr::get(&context, digest.get()));
  (**module)->setAttr("heddle.metadata", metadata.getDictionary(&context));
  return module;
}

} // namespace

absl::StatusOr<OwningOpRef<ModuleOp>> importOnnxModel(MLIRContext &context, const std::string &path,
                                                      const ImportOptions &options) {
  HEDDLE_ASSIGN_OR_RETURN(MappedFile file, MappedFile::map(path));
  std::string folder = std::filesystem::path(path).parent_path().string();
  return importBytes(context, file.bytes(), path, folder.empty() ? "." : folder, options);
}

absl::StatusOr<OwningOpRef<ModuleOp>> importOnnxBytes(MLIRContext &context, std::string_view bytes,
                                                      const std::string &name,
                                                      const ImportOptions &options) {
  return importBytes(context, bytes, name, "", options);
}

} // namespace heddle
