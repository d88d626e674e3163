// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle/compiler.h over Compile.h.

#include "compiler/c_api/Compilation.h"
#include "compiler/plan/PrintPlan.h"
#include "runtime/artifact/cpu_features.h"

namespace heddle {

static constexpr int32_t kMostCores = 1024; // as many as a run takes threads

absl::Status translateOptions(const HeddleCompileOptions *caller, CompileOptions &options) {
  HeddleCompileOptions given;
  if (absl::Status status = ReadStruct(caller, given); !status.ok())
    return status;
  for (size_t i = 0; i < given.dim_count; ++i) {
    if (!given.dims[i].name)
      return absl::InvalidArgumentError("a dimension without a name");
    options.import.dims[given.dims[i].name] = given.dims[i].size;
  }
  for (size_t i = 0; i < given.custom_domain_count; ++i) {
    if (!given.custom_domains[i])
      return absl::InvalidArgumentError("a custom domain without a name");
    options.import.customDomains.insert(given.custom_domains[i]);
  }
  if (given.max_constant_bytes > 0)
    options.import.mostConstantBytes = given.max_constant_bytes;
  if (given.target_cpu)
    options.target.cpu = given.target_cpu;
  if (given.emit < HEDDLE_EMIT_ARTIFACT || given.emit > HEDDLE_EMIT_SCHEDULES)
    return absl::InvalidArgumentError("no such kind of result: " + std::to_string(given.emit));
  options.emit = static_cast<EmitKind>(given.emit);
  if (given.opt_level < -1 || given.opt_level > 3)
    return absl::InvalidArgumentError("no such optimisation level: " +
                                      std::to_string(given.opt_level));
  if (given.opt_level != 0)
    options.target.optLevel = std::max(given.opt_level, 0);
  if (given.cores < 0 || given.cores > kMostCores)
    return absl::InvalidArgumentError("no program is made for " + std::to_string(given.cores) +
                                      " cores; 1 to " + std::to_string(kMostCores) +
                                      " are possible");
  if (given.cores > 0)
    options.extraction.cores = given.cores;
  options.extraction.caches = options.import.pastsGrow = given.caches != 0;
  options.extraction.scans = !given.no_scans;
  options.extraction.winograd = !given.no_winograd;
  options.extraction.verifyAssociativity = given.verify_associativity;
  std::string precision = given.precision ? given.precision : "f32";
  if (precision != "f32" && precision != "bf16")
    return absl::InvalidArgumentError("there is no precision '" + precision +
                                      "' of products; there are f32 and bf16");
  options.extraction.bf16 = precision == "bf16";
  options.target.nativeTiles = CheckCpuFeatures({"amx-tile"}).ok();
  if (std::string form = given.scan_form ? given.scan_form : ""; !form.empty()) {
    if (form != "recurrent" && form != "chunk" && form != "tree")
      return absl::InvalidArgumentError("there is no form '" + form +
                                        "' of a scan; there are recurrent, chunk and tree");
    options.extraction.scanForm = form;
  }
  if (given.cache_dir)
    options.cacheFolder = given.cache_dir;
  if (given.schedules)
    options.schedules = given.schedules;
  options.tuned = !given.no_tuned;
  if (given.threads > 0)
    options.target.threads = given.threads;
  if (given.progress)
    options.progress = [given](const std::string &phase) {
      given.progress(given.progress_user, phase.c_str());
    };
  return absl::OkStatus();
}

absl::Status keep(absl::StatusOr<std::vector<uint8_t>> bytes, HeddleCompilation &result) {
  if (!bytes.ok())
    return bytes.status();
  result.bytes = *std::move(bytes);
  result.inMemory = true;
  return absl::OkStatus();
}

} // namespace heddle

using namespace heddle;

HeddleCompilation *heddle_compile_file(const char *model, const char *output,
                                       const HeddleCompileOptions *options) {
  return compileGuarded(options, [&](const CompileOptions &all, HeddleCompilation &result) {
    if (!model)
      return absl::InvalidArgumentError("no model file given");
    if (output)
      return compileToFile(model, output, all, &result.statistics);
    return keep(compileToMemory(model, all, &result.statistics), result);
  });
}

HeddleCompilation *heddle_compile_memory(const void *model, size_t size, const char *name,
                                         const char *output, const HeddleCompileOptions *options) {
  return compileGuarded(options, [&](const CompileOptions &all, HeddleCompilation &result) {
    if (!model)
      return absl::InvalidArgumentError("no model given");
    std::string_view bytes(static_cast<const char *>(model), size);
    const char *called = name ? name : "model in memory";
    if (output)
      return compileBytesToFile(bytes, called, output, all, &result.statistics);
    return keep(compileBytes(bytes, called, all, &result.statistics), result);
  });
}

HeddleCompilation *heddle_compile_plan(const char *plan, const char *name, const char *tools,
                                       const HeddleCompileOptions *options) {
  return compileGuarded(
      options, [&](const CompileOptions &all, HeddleCompilation &result) -> absl::Status {
        if (!plan || !tools)
          return absl::InvalidArgumentError("no plan or no tools given");
        if (all.emit != EmitKind::Heddle && all.emit != EmitKind::Task)
          return absl::InvalidArgumentError(
              "a plan becomes MLIR of the parallel or the task level");
        auto level = all.emit == EmitKind::Heddle ? PlanLevel::Parallel : PlanLevel::Task;
        auto text = printPlan(plan, name ? name : "plan", tools, level);
        if (!text.ok())
          return text.status();
        return keep(std::vector<uint8_t>(text->begin(), text->end()), result);
      });
}

int32_t heddle_compilation_code(const HeddleCompilation *result) {
  return static_cast<int32_t>(result ? result->status.code()
                                     : absl::StatusCode::kResourceExhausted);
}

const char *heddle_compilation_message(const HeddleCompilation *result) {
  absl::StatusCode code = result ? result->status.code() : absl::StatusCode::kResourceExhausted;
  if (code != absl::StatusCode::kOk && (!result || result->message.empty()))
    return code == absl::StatusCode::kResourceExhausted ? "no memory to compile"
                                                        : "unexpected exception";
  return result->message.c_str();
}

const void *heddle_compilation_data(const HeddleCompilation *result, size_t *size) {
  bool has = result && result->inMemory;
  if (size)
    *size = has ? result->bytes.size() : 0;
  return has ? result->bytes.data() : nullptr;
}

void heddle_compilation_statistics(const HeddleCompilation *result, HeddleCompileStatistics *out) {
  HeddleCompileStatistics all = {};
  if (result) {
    all.seconds = result->statistics.seconds;
    all.tasks = result->statistics.tasks;
    all.kernels = result->statistics.kernels;
    all.cached_kernels = result->statistics.cachedKernels;
    all.tuned_kernels = result->statistics.tunedKernels;
  }
  try {
    WriteStruct(all, out).IgnoreError(); // nowhere to write to: there is nobody to tell
  } catch (...) {
    // Without memory for that status.
  }
}

void heddle_compilation_free(HeddleCompilation *result) { delete result; }

const char *heddle_compiler_version(void) { return HEDDLE_VERSION; }
