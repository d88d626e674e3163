// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compile.h"

#include "compiler/cache/KernelCache.h"
#include "compiler/tasks/EvaluateConstants.h"
#include "compiler/tasks/LowerToTasks.h"
#include "compiler/codegen/NativeCode.h"
#include "compiler/program/ProgramWriter.h"
#include "compiler/program/TaskOrder.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ShapeModels.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/artifact/artifact_writer.h"

#include <chrono>

using namespace mlir;

namespace heddle {
namespace {

/// The first error of MLIR's diagnostics as one line.
class FirstError {
public:
  explicit FirstError(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          if (message.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error) {
            describe(diagnostic);
          }
          return success();
        }) {}

  absl::Status status(const std::string &phase,
                      absl::StatusCode code = absl::StatusCode::kInvalidArgument) const {
    return absl::Status(code, message.empty() ? phase + " failed" : message);
  }

private:
  /// A node as the importer names it: "node 'x' (Tile): has ..." and not "loc(...): 'onnx.Tile' op
  /// has ...".
  void describe(Diagnostic &diagnostic) {
    std::string text = diagnostic.str();
    llvm::raw_string_ostream os(message);
    auto node = dyn_cast<NameLoc>(diagnostic.getLocation());
    auto op = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
    if (!op) {
      if (node)
        os << node.getName().strref() << ": ";
      else if (!isa<UnknownLoc>(diagnostic.getLocation()))
        os << diagnostic.getLocation() << ": ";
      os << text;
      return;
    }
    StringRef rest = text;
    rest.consume_front(("'onnx." + op.getName().strref() + "' op ").str());
    os << "node '" << node.getName().strref() << "' (" << op.getName().strref() << "): " << rest;
  }

  std::string message;
  ScopedDiagnosticHandler handler;
};

class Compilation {
public:
  Compilation(const CompileOptions &options, CompileStatistics *statistics)
      : options(options), statistics(statistics), context(compilerDialects()) {
    context.loadAllAvailableDialects();
  }

  absl::Status importFile(const std::string &path);
  absl::Status importBytes(std::string_view bytes, const std::string &name);
  /// Of another context.
  absl::Status importModule(ModuleOp other);
  /// Runs the pipeline and hands the result to `sink`.
  absl::Status run();
  absl::Status write(const std::string &path);
  std::vector<uint8_t> bytes();

private:
  void start(const std::string &phase) {
    if (options.progress)
      options.progress(phase);
  }
  absl::Status lower();
  FailureOr<codegen::NativeCode> generate(const ClusterKernels &kernels,
                                          const codegen::Target &target);

  const CompileOptions &options;
  CompileStatistics *statistics;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  OwningOpRef<ModuleOp> kernelModule;
  codegen::NativeCode code;
  WrittenProgram program;
  std::string text; // for the kinds that are text
  ArtifactWriter writer;
};

absl::Status Compilation::importFile(const std::string &path) {
  start("importing");
  if (StringRef(path).ends_with(".mlir")) {
    FirstError error(context);
    module = parseSourceFile<ModuleOp>(path, &context);
    return module ? absl::OkStatus() : error.status(path);
  }
  auto imported = importOnnxModel(context, path, options.import);
  if (!imported.ok())
    return imported.status();
  module = *std::move(imported);
  return absl::OkStatus();
}

absl::Status Compilation::importBytes(std::string_view bytes, const std::string &name) {
  start("importing");
  auto imported = importOnnxBytes(context, bytes, name, options.import);
  if (!imported.ok())
    return imported.status();
  module = *std::move(imported);
  return absl::OkStatus();
}

absl::Status Compilation::importModule(ModuleOp other) {
  FirstError error(context);
  std::string bytecode;
  llvm::raw_string_ostream os(bytecode);
  if (succeeded(writeBytecodeToFile(other, os)))
    module = parseSourceString<ModuleOp>(bytecode, &context);
  return module ? absl::OkStatus() : error.status("reading the program");
}

FailureOr<codegen::NativeCode> Compilation::generate(const ClusterKernels &kernels,
                                                     const codegen::Target &target) {
  std::optional<KernelCache> cache;
  absl::StatusOr<CacheFolder> folder = CacheFolder::open(options.cacheFolder);
  if (folder.ok())
    cache.emplace(*folder);
  auto native = codegen::compileNative(*kernelModule, kernels.names(), target,
                                       options.target.threads, cache ? &*cache : nullptr);
  if (cache && cache->kept() > 0)
    folder->trimNowAndThen();
  if (statistics && succeeded(native))
    statistics->cachedKernels = native->cached;
  return native;
}

absl::Status Compilation::lower() {
  FirstError error(context);
  auto target = codegen::Target::resolve(options.target, [](const std::string &) {});
  if (failed(target))
    return absl::InvalidArgumentError("there is no target CPU '" + options.target.cpu +
                                      "'; native, x86-64-v2, x86-64-v3 and x86-64-v4 are");
  start("optimising");
  // A program that was printed at the parallel level has its kernels already.
  bool isParallel =
      module->walk([](ClusterOp) { return WalkResult::interrupt(); }).wasInterrupted();
  PassManager passes(&context);
  addSourcePasses(passes);
  addExtractionPasses(passes, options.extraction);
  if (!isParallel && failed(passes.run(*module)))
    return error.status("optimising");
  auto print = [&](Operation *op) {
    llvm::raw_string_ostream os(text);
    op->print(os);
    os << "\n";
  };
  if (options.emit == EmitKind::Heddle) {
    print(*module);
    return absl::OkStatus();
  }

  start("making kernels");
  kernelModule = ModuleOp::create(UnknownLoc::get(&context), "kernels");
  ClusterKernels kernels(*kernelModule, *target);
  if (failed(lowerToTasks(*module, kernels, options.import.mostConstantBytes)) ||
      failed(mlir::verify(*module)))
    return error.status("lowering to tasks", absl::StatusCode::kUnimplemented);
  if (statistics)
    statistics->kernels = kernels.names().size();
  if (options.emit == EmitKind::Task) {
    print(*module);
    print(*kernelModule);
    return absl::OkStatus();
  }
  if (options.emit == EmitKind::Llvm) {
    auto listing = codegen::printNative(*kernelModule, kernels.names(), *target,
                                        codegen::Listing::OptimizedLlvmIr);
    if (failed(listing))
      return error.status("generating code");
    text = *std::move(listing);
    return absl::OkStatus();
  }

  start("generating code for " + std::to_string(kernels.names().size()) + " kernels");
  auto native = generate(kernels, *target);
  if (failed(native))
    return error.status("generating code");
  code = *std::move(native);
  if (options.emit == EmitKind::Object)
    return absl::OkStatus();

  start("computing constants");
  if (absl::Status status = evaluateConstants(*module, code, *target); !status.ok())
    return status;
  auto main = module->lookupSymbol<task::GraphOp>(kMainGraph);
  if (statistics)
    statistics->tasks = TaskOrder(main).tasks().size();
  auto written = writeProgram(*module, main, code, *target, options.extraction.cores,
                              (*module)->getAttrOfType<DictionaryAttr>("heddle.metadata"));
  if (failed(written))
    return error.status("writing the program");
  program = *std::move(written);
  return absl::OkStatus();
}

absl::Status Compilation::run() {
  absl::Status status = lower();
  if (!status.ok())
    return status;
  writer.SetCode({reinterpret_cast<const uint8_t *>(code.elf.data()), code.elf.size()});
  writer.SetProgram(program.bytes);
  for (ArrayRef<char> weight : program.weights)
    writer.AddWeight({reinterpret_cast<const uint8_t *>(weight.data()), weight.size()});
  return absl::OkStatus();
}

static absl::Status writeBytes(const std::string &path, ArrayRef<char> bytes) {
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error)
    return absl::InvalidArgumentError("cannot write " + path + ": " + error.message());
  file.write(bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status Compilation::write(const std::string &path) {
  if (options.emit != EmitKind::Artifact) {
    std::vector<uint8_t> result = bytes();
    return writeBytes(path, {reinterpret_cast<const char *>(result.data()), result.size()});
  }
  start("writing");
  return writer.WriteFile(path);
}

/// A C header that defines the artifact as an array.
static std::string headerOf(ArrayRef<uint8_t> bytes) {
  std::string text = "/* A Heddle artifact: load it with heddle_model_load_memory. */\n"
                     "#include <stddef.h>\n"
                     "static const _Alignas(64) unsigned char heddle_artifact[] = {";
  llvm::raw_string_ostream os(text);
  for (auto [i, byte] : llvm::enumerate(bytes))
    os << (i % 24 == 0 ? "\n" : "") << static_cast<unsigned>(byte) << ',';
  os << "\n};\nstatic const size_t heddle_artifact_size = " << bytes.size() << ";\n";
  return text;
}

std::vector<uint8_t> Compilation::bytes() {
  auto copy = [](auto &container) {
    return std::vector<uint8_t>(container.begin(), container.end());
  };
  switch (options.emit) {
  case EmitKind::Artifact:
    return writer.ToBytes();
  case EmitKind::Program:
    return program.bytes;
  case EmitKind::Object:
    return copy(code.elf);
  case EmitKind::Header: {
    std::string header = headerOf(writer.ToBytes());
    return copy(header);
  }
  case EmitKind::Heddle:
  case EmitKind::Task:
  case EmitKind::Llvm:
    return copy(text);
  }
  llvm_unreachable("all kinds are handled");
}

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
