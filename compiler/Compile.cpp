// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compile.h"

#include "compiler/FirstError.h"
#include "compiler/OpenSchedules.h"
#include "compiler/TargetProgram.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/program/ProgramImage.h"
#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ShapeModels.h"
#include "dialects/task/Task.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <chrono>

using namespace mlir;

namespace heddle {
namespace {

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
  void print(Operation *op) {
    llvm::raw_string_ostream os(text);
    op->print(os);
    os << "\n";
  }
  absl::Status lower();
  absl::Status printKernels(TargetProgram &part, const FirstError &error);

  const CompileOptions &options;
  CompileStatistics *statistics;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::vector<TargetProgram> parts;
  WeightLayout weights; // of all targets
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

absl::Status Compilation::lower() {
  FirstError error(context);
  std::string unknown;
  auto targets = codegen::Target::resolveAll(options.target,
                                             [&](const std::string &why) { unknown = why; });
  if (failed(targets))
    return absl::InvalidArgumentError(unknown);
  start("optimising");
  // A program that was printed at the parallel level has its kernels already.
  bool isParallel =
      module->walk([](ClusterOp) { return WalkResult::interrupt(); }).wasInterrupted();
  PassManager passes(&context);
  addSourcePasses(passes);
  ExtractionOptions extraction = options.extraction;
  extraction.bf16Convolutions = llvm::any_of(*targets, roundsConvolutions);
  addExtractionPasses(passes, extraction);
  if (!isParallel && failed(passes.run(*module)))
    return error.status("optimising");
  if (options.emit == EmitKind::Heddle) {
    print(*module);
    return absl::OkStatus();
  }
  if (targets->size() > 1 && options.emit != EmitKind::Artifact &&
      options.emit != EmitKind::Header)
    return absl::InvalidArgumentError("only an artifact, also as a header, has several targets; " +
                                      options.target.cpu + " were given");

  start("making kernels");
  for (codegen::Target &target : *targets) {
    bool isLast = &target == &targets->back();
    OwningOpRef<ModuleOp> own = isLast ? std::move(module) : OwningOpRef<ModuleOp>(module->clone());
    TargetProgram &part = parts.emplace_back(std::move(target), std::move(own));
    if (absl::Status status = openSchedules(options, part.target, part.schedules); !status.ok())
      return status;
    if (failed(part.makeKernels(options.import.mostConstantBytes)))
      return error.status("lowering to tasks", absl::StatusCode::kUnimplemented);
    if (!part.schedules.error.empty())
      return absl::InvalidArgumentError(part.schedules.error);
    if (statistics)
      statistics->tunedKernels += part.schedules.tuned();
  }
  if (options.emit == EmitKind::Task || options.emit == EmitKind::Llvm ||
      options.emit == EmitKind::Schedules)
    return printKernels(parts.front(), error);

  size_t count = 0;
  for (const TargetProgram &part : parts)
    count += part.kernels.size();
  start("generating code for " + std::to_string(count) + " kernels");
  auto use = options.emit == EmitKind::Object ? KernelsFor::Listing : KernelsFor::Program;
  auto cached = compileKernels(parts, use, options.target.threads, options.cacheFolder);
  if (failed(cached))
    return error.status("generating code");
  if (statistics) {
    statistics->kernels = count;
    statistics->cachedKernels = *cached;
  }
  if (options.emit == EmitKind::Object)
    return absl::OkStatus();

  start("making the program");
  for (TargetProgram &part : parts)
    if (absl::Status status = part.finish(options.extraction.cores, weights); !status.ok())
      return status;
  if (statistics)
    statistics->tasks = parts.front().tasks;
  return absl::OkStatus();
}

absl::Status Compilation::printKernels(TargetProgram &part, const FirstError &error) {
  if (statistics)
    statistics->kernels = part.kernels.size();
  if (options.emit == EmitKind::Task) {
    print(*part.module);
    print(*part.kernelModule);
    return absl::OkStatus();
  }
  if (options.emit == EmitKind::Schedules) {
    text = part.schedules.json(machineText(part.target));
    return absl::OkStatus();
  }
  auto listing = codegen::printNative(*part.kernelModule, part.kernels, part.target,
                                      codegen::Listing::OptimizedLlvmIr);
  if (failed(listing))
    return error.status("generating code");
  text = *std::move(listing);
  return absl::OkStatus();
}

absl::Status Compilation::run() {
  absl::Status status = lower();
  if (!status.ok())
    return status;
  for (const TargetProgram &part : parts)
    addTarget(writer, part.target, part.code, part.program);
  addWeights(writer, weights);
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
    return parts.front().program;
  case EmitKind::Object:
    return copy(parts.front().code.elf);
  case EmitKind::Header: {
    std::string header = headerOf(writer.ToBytes());
    return copy(header);
  }
  case EmitKind::Heddle:
  case EmitKind::Task:
  case EmitKind::Llvm:
  case EmitKind::Schedules:
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
