// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compile.h"

#include "compiler/Compilation.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ShapeModels.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <chrono>

using namespace mlir;

namespace heddle {
namespace {

template <typename Import, typename Finish>
auto compile(const CompileOptions &options, CompileStatistics *statistics, Import import,
             Finish finish) -> decltype(finish(std::declval<Compilation &>())) {
  auto begin = std::chrono::steady_clock::now();
  Compilation compilation(options, statistics);
  if (absl::Status status = import(compilation); !status.ok())
    return status;
  if (absl::Status status = compilation.run(); !status.ok())
    return status;
  auto result = finish(compilation);
  if (statistics)
    statistics->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

} // namespace

DialectRegistry compilerDialects() {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, linalg::LinalgDialect, tensor::TensorDialect, HeddleDialect,
                  onnx::OnnxDialect, task::TaskDialect>();
  codegen::registerCodegenDialects(registry);
  onnx::registerShapeModels(registry);
  return registry;
}

absl::Status compileToFile(const std::string &input, const std::string &output,
                           const CompileOptions &options, CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importFile(input); },
      [&](Compilation &c) { return c.write(output); });
}

absl::StatusOr<std::vector<uint8_t>> compileToMemory(const std::string &input,
                                                     const CompileOptions &options,
                                                     CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importFile(input); },
      [&](Compilation &c) { return absl::StatusOr<std::vector<uint8_t>>(c.bytes()); });
}

absl::StatusOr<std::vector<uint8_t>> compileBytes(std::string_view model, const std::string &name,
                                                  const CompileOptions &options,
                                                  CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importBytes(model, name); },
      [&](Compilation &c) { return absl::StatusOr<std::vector<uint8_t>>(c.bytes()); });
}

absl::Status compileBytesToFile(std::string_view model, const std::string &name,
                                const std::string &output, const CompileOptions &options,
                                CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importBytes(model, name); },
      [&](Compilation &c) { return c.write(output); });
}

absl::Status compileModuleToFile(ModuleOp module, const std::string &output,
                                 const CompileOptions &options, CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importModule(module); },
      [&](Compilation &c) { return c.write(output); });
}

absl::StatusOr<std::vector<uint8_t>> compileModule(ModuleOp module, const CompileOptions &options,
                                                   CompileStatistics *statistics) {
  return compile(
      options, statistics, [&](Compilation &c) { return c.importModule(module); },
      [&](Compilation &c) { return absl::StatusOr<std::vector<uint8_t>>(c.bytes()); });
}

} // namespace heddle
