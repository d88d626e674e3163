// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CompilerLibrary.h"

#include "compiler/cache/CacheFolder.h"
#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/Console.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace heddle::cli {

namespace {
struct Library {
  decltype(&heddle_compile_file) compileFile = nullptr;
  decltype(&heddle_compile_plan) compilePlan = nullptr;
  decltype(&heddle_compilation_data) data = nullptr;
  decltype(&heddle_compilation_code) code = nullptr;
  decltype(&heddle_compilation_message) message = nullptr;
  decltype(&heddle_compilation_statistics) statistics = nullptr;
  decltype(&heddle_compilation_free) free = nullptr;
};
} // namespace

static Library library;

std::string compilerLibraryPath() {
  std::error_code error;
  auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "lib" / "libheddle_compiler.so.0").string();
}

absl::Status loadCompiler() {
  if (library.compileFile)
    return absl::OkStatus();
  std::string path = compilerLibraryPath();
  void *handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = ::dlerror();
    return absl::FailedPreconditionError(
        std::string("a model can only be compiled with Heddle's compiler library: ") +
        (why ? why : path.c_str()));
  }
  Library found;
  bool all = true;
  auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    all &= function != nullptr;
  };
  find(found.compileFile, "heddle_compile_file");
  find(found.compilePlan, "heddle_compile_plan");
  find(found.data, "heddle_compilation_data");
  find(found.code, "heddle_compilation_code");
  find(found.message, "heddle_compilation_message");
  find(found.statistics, "heddle_compilation_statistics");
  find(found.free, "heddle_compilation_free");
  if (!all)
    return absl::FailedPreconditionError(path + " is not the compiler library of this version");
  library = found;
  return absl::OkStatus();
}

absl::StatusOr<CompileSummary> compileHere(const CompileRequest &request,
                                           const std::function<void(const char *)> &progress) {
  if (absl::Status status = loadCompiler(); !status.ok())
    return status;
  std::vector<HeddleDim> dims;
  for (const auto &[name, size] : request.dims)
    dims.push_back({name.c_str(), size});
  HeddleCompileOptions options = {};
  options.struct_size = sizeof options;
  options.dims = dims.data();
  options.dim_count = dims.size();
  options.target_cpu = request.cpu.c_str();
  options.emit = request.emit;
  options.opt_level = request.optLevel == 0 ? -1 : request.optLevel;
  options.cores = request.cores;
  options.caches = request.caches;
  options.threads = request.threads > 0
                        ? request.threads
                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.max_constant_bytes = request.maxConstantBytes;
  options.no_scans = request.noScans;
  options.no_winograd = request.noWinograd;
  options.verify_associativity = request.verifyAssociativity;
  options.scan_form = request.scanForm.c_str();
  std::string cache = request.useCache ? CacheFolder::defaultPath() : "";
  options.cache_dir = cache.c_str();
  options.schedules = request.schedules.c_str();
  options.no_tuned = request.noTuned;
  options.precision = request.precision.c_str();
  options.progress = [](void *user, const char *phase) {
    const auto &tell = *static_cast<const std::function<void(const char *)> *>(user);
    if (tell)
      tell(phase);
  };
  options.progress_user = const_cast<std::function<void(const char *)> *>(&progress);

  HeddleCompilation *result =
      library.compileFile(request.model.c_str(), request.output.c_str(), &options);
  std::string message = library.message(result);
  if (message.find(request.model) == std::string::npos)
    message = request.model + ": " + message;
  absl::Status status(static_cast<absl::StatusCode>(library.code(result)), message);
  HeddleCompileStatistics statistics = {};
  statistics.struct_size = sizeof statistics;
  library.statistics(result, &statistics);
  library.free(result);
  if (!status.ok())
    return status;
  return CompileSummary{statistics.seconds, statistics.tasks, statistics.kernels,
                        statistics.cached_kernels, statistics.tuned_kernels};
}

absl::StatusOr<std::string> planAsMlir(const std::string &plan, const std::string &name,
                                       const std::string &tools, HeddleEmit emit) {
  if (absl::Status status = loadCompiler(); !status.ok())
    return status;
  HeddleCompileOptions options = {};
  options.struct_size = sizeof options;
  options.emit = emit;
  HeddleCompilation *result =
      library.compilePlan(plan.c_str(), name.c_str(), tools.c_str(), &options);
  absl::Status status(static_cast<absl::StatusCode>(library.code(result)), library.message(result));
  size_t size = 0;
  auto *data = static_cast<const char *>(library.data(result, &size));
  std::string text(data ? data : "", size);
  library.free(result);
  if (!status.ok())
    return status;
  return text;
}

/// What the child says of a compilation, as the parent reads it.
static absl::StatusOr<CompileSummary> summaryOf(const std::string &text) {
  nlohmann::json report = nlohmann::json::parse(text, nullptr, false);
  if (!report.is_object())
    return absl::InternalError("the compiler's process said nothing that makes sense");
  if (int code = report.value("code", 0))
    return absl::Status(static_cast<absl::StatusCode>(code), report.value("message", ""));
  return CompileSummary{report.value("seconds", 0.0), report.value("tasks", uint64_t(0)),
                        report.value("kernels", uint64_t(0)),
                        report.value("cached_kernels", uint64_t(0)),
                        report.value("tuned_kernels", uint64_t(0))};
}

absl::StatusOr<CompileSummary> compileApart(const CompileRequest &request) {
  Progress progress;
  if (std::getenv("HEDDLE_NO_FORK"))
    return compileHere(request, [&](const char *phase) { progress.show(phase); });
  auto child = ChildProcess::start(
      [&](ChildReport &report) {
        auto summary = compileHere(request, [&](const char *phase) { report.phase(phase); });
        nlohmann::json said;
        said["code"] = static_cast<int>(summary.status().code());
        said["message"] = messageOf(summary.status());
        if (summary.ok())
          said.update({{"seconds", summary->seconds},
                       {"tasks", summary->tasks},
                       {"kernels", summary->kernels},
                       {"cached_kernels", summary->cachedKernels},
                       {"tuned_kernels", summary->tunedKernels}});
        report.finish(said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      },
      {});
  if (!child.ok())
    return child.status();
  while (!(*child)->poll()) {
    waitForChildren(Clock::time_point::max());
    progress.show(request.model + ": " + (*child)->phase());
  }
  const ChildOutcome &outcome = (*child)->outcome();
  if (!outcome.finished)
    return absl::InternalError(request.model + ": the compiler " + outcome.failure);
  return summaryOf(outcome.result);
}

} // namespace heddle::cli
