// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compilation.h"

#include "compiler/FirstError.h"
#include "compiler/OpenSchedules.h"
#include "compiler/codegen/contraction/Precision.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/support/whole_file.h"

using namespace mlir;

namespace heddle {

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

absl::Status Compilation::run() {
  if (absl::Status status = optimize(); !status.ok())
    return status;
  if (options.emit == EmitKind::Heddle) {
    print(*module);
    return absl::OkStatus();
  }
  if (absl::Status status = makeKernels(); !status.ok())
    return status;
  if (options.emit == EmitKind::Task || options.emit == EmitKind::Llvm ||
      options.emit == EmitKind::Schedules)
    return printKernels(parts.front());
  if (absl::Status status = generateCode(); !status.ok() || options.emit == EmitKind::Object)
    return status;
  return makeProgram();
}

absl::Status Compilation::optimize() {
  FirstError error(context);
  std::string unknown;
  auto resolved =
      codegen::Target::resolveAll(options.target, [&](const std::string &why) { unknown = why; });
  if (failed(resolved))
    return absl::InvalidArgumentError(unknown);
  targets = *std::move(resolved);
  start("optimising");
  PassManager passes(&context);
  addSourcePasses(passes);
  ExtractionOptions extraction = options.extraction;
  extraction.bf16Convolutions = llvm::any_of(targets, roundsConvolutions);
  addExtractionPasses(passes, extraction);
  // A program that was printed at the parallel level has its kernels already.
  bool isParallel =
      module->walk([](ClusterOp) { return WalkResult::interrupt(); }).wasInterrupted();
  if (!isParallel && failed(passes.run(*module)))
    return error.status("optimising");
  return absl::OkStatus();
}

absl::Status Compilation::makeKernels() {
  if (targets.size() > 1 && options.emit != EmitKind::Artifact && options.emit != EmitKind::Header)
    return absl::InvalidArgumentError("only an artifact, also as a header, has several targets; " +
                                      options.target.cpu + " were given");
  FirstError error(context);
  start("making kernels");
  for (codegen::Target &target : targets) {
    bool isLast = &target == &targets.back();
    OwningOpRef<ModuleOp> own = isLast ? std::move(module) : OwningOpRef<ModuleOp>(module->clone());
    TargetProgram &part = parts.emplace_back(std::move(target), std::move(own));
    if (absl::Status status = openSchedules(options, part.target, part.schedules); !status.ok())
      return status;
    if (failed(part.makeKernels(options.import.mostConstantBytes)))
      return error.status("lowering to tasks", absl::StatusCode::kUnimplemented);
    if (!part.schedules.error.empty())
      return absl::InvalidArgumentError(part.schedules.error);
    kernels += part.kernels.size();
    if (statistics)
      statistics->tunedKernels += part.schedules.tuned();
  }
  if (statistics)
    statistics->kernels = kernels;
  return absl::OkStatus();
}

absl::Status Compilation::printKernels(TargetProgram &part) {
  if (options.emit == EmitKind::Task) {
    print(*part.module);
    print(*part.kernelModule);
    return absl::OkStatus();
  }
  if (options.emit == EmitKind::Schedules) {
    text = part.schedules.json(machineText(part.target));
    return absl::OkStatus();
  }
  FirstError error(context);
  auto listing = codegen::printNative(*part.kernelModule, part.kernels, part.target,
                                      codegen::Listing::OptimizedLlvmIr);
  if (failed(listing))
    return error.status("generating code");
  text = *std::move(listing);
  return absl::OkStatus();
}

absl::Status Compilation::generateCode() {
  FirstError error(context);
  start("generating code for " + std::to_string(kernels) + " kernels");
  auto use = options.emit == EmitKind::Object ? KernelsFor::Listing : KernelsFor::Program;
  auto cached = compileKernels(parts, use, options.target.threads, options.cacheFolder);
  if (failed(cached))
    return error.status("generating code");
  if (statistics)
    statistics->cachedKernels = *cached;
  return absl::OkStatus();
}

absl::Status Compilation::makeProgram() {
  start("making the program");
  for (TargetProgram &part : parts) {
    if (absl::Status status = part.finish(options.extraction.cores, weights); !status.ok())
      return status;
    addTarget(writer, part.target, part.code, part.program);
  }
  addWeights(writer, weights);
  if (statistics)
    statistics->tasks = parts.front().tasks;
  return absl::OkStatus();
}

void Compilation::print(Operation *op) {
  llvm::raw_string_ostream os(text);
  op->print(os);
  os << "\n";
}

absl::Status Compilation::write(const std::string &path) {
  if (options.emit != EmitKind::Artifact) {
    std::vector<uint8_t> result = bytes();
    std::string_view all(reinterpret_cast<const char *>(result.data()), result.size());
    return WriteWholeFile(path, {all});
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

} // namespace heddle
