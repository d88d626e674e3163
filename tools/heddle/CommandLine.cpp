// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CommandLine.h"

#include "tools/heddle/Console.h"

#include <charconv>

#include <algorithm>

namespace heddle::cli {

static bool isNumber(const std::string &text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> normalized(int argc, char **argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--random-inputs") {
      // The seed may be left out, and a model's name may follow.
      bool hasSeed = i + 1 < argc && isNumber(argv[i + 1]);
      argument += std::string("=") + (hasSeed ? argv[++i] : "0");
    }
    arguments.push_back(argument);
  }
  // CLI11 takes them from the back.
  return {arguments.rbegin(), arguments.rend()};
}

absl::Status parseDims(const std::vector<std::string> &texts,
                       std::map<std::string, int64_t> &dims) {
  for (const std::string &text : texts) {
    size_t equals = text.rfind('=');
    int64_t size = 0;
    bool good = equals != std::string::npos && equals > 0;
    if (good) {
      const char *begin = text.data() + equals + 1, *end = text.data() + text.size();
      auto [stop, error] = std::from_chars(begin, end, size);
      good = error == std::errc() && stop == end && begin != end && size >= 0;
    }
    if (!good)
      return absl::InvalidArgumentError("--dim " + text + ": must be NAME=N, with N >= 0");
    auto [entry, isNew] = dims.emplace(text.substr(0, equals), size);
    if (!isNew && entry->second != size)
      return absl::InvalidArgumentError("--dim " + entry->first + " is given two sizes");
  }
  return absl::OkStatus();
}

void CompileFlags::addTo(CLI::App &app) {
  app.add_option("--dim", dims, "Fix a symbolic dimension, or INPUT:AXIS, to a size")
      ->type_name("NAME=N")
      ->allow_extra_args(false);
  app.add_option(
         "--target-cpu", cpu,
         "native, x86-64-v2, x86-64-v3, x86-64-v4 or LLVM's name of a CPU; several, with commas, "
         "go "
         "into one artifact, of which loading picks the best; of an artifact, the one to run")
      ->type_name("CPU[,CPU]")
      ->default_str(cpu);
  app.add_option("-O", optLevel, "Optimisation level, 0 to 3")
      ->check(CLI::Range(0, 3).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--cores", cores,
                 "Cores that the program is made for; 1 puts nothing beside the rest")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--precision", precision,
                 "f32, or bf16: products and convolutions round their operands where the CPU gains")
      ->check(CLI::IsMember({"f32", "bf16"}).description(""))
      ->type_name("TYPE")
      ->capture_default_str();
  app.add_flag("--caches", caches,
               "Store what the model only appends to with time as axis 0, to grow in place");
  app.add_flag("--no-scans", noScans,
               "Leave loops and repeated sub-graphs as they were written, to compare");
  app.add_flag("--no-winograd", noWinograd,
               "Sum the products of every convolution directly: slower, and rounded otherwise");
  app.add_option("--scan-form", scanForm,
                 "recurrent, chunk or tree for every scan, to compare; chosen for each without")
      ->check(CLI::IsMember({"recurrent", "chunk", "tree"}).description(""))
      ->type_name("FORM");
  app.add_flag("--verify-associativity", verifyAssociativity,
               "Try combiners that the model declares associative on random values");
  app.add_option("--max-constant", maxConstantMb,
                 "Most MiB that constants computed by the model may take")
      ->check(CLI::Range(uint64_t(1), uint64_t(1) << 40).description(""))
      ->type_name("MIB")
      ->capture_default_str();
  app.add_flag("--no-tuned", noTuned,
               "Do not use what heddle tune found to be best on this machine");
  app.add_flag("--no-cache", noCache,
               "Compile all anew, and keep nothing for later (heddle cache)");
}

absl::StatusOr<CompileRequest> CompileFlags::request(const std::string &model) const {
  CompileRequest request;
  request.model = model;
  if (absl::Status status = parseDims(dims, request.dims); !status.ok())
    return status;
  request.cpu = cpu;
  request.optLevel = optLevel;
  request.cores = cores;
  request.caches = caches;
  request.noScans = noScans;
  request.noWinograd = noWinograd;
  request.scanForm = scanForm;
  request.precision = precision;
  request.verifyAssociativity = verifyAssociativity;
  request.useCache = !noCache;
  request.noTuned = noTuned;
  request.maxConstantBytes = static_cast<int64_t>(maxConstantMb) << 20;
  return request;
}

void Subcommands::add(const char *name, const char *what, Command (*setUp)(CLI::App &)) {
  CLI::App *command = app.add_subcommand(name, what);
  commands.emplace_back(command, setUp(*command));
}

std::string Subcommands::names() const {
  std::string all;
  for (const auto &[command, execute] : commands)
    all += (all.empty() ? "" : ", ") + command->get_name();
  return all;
}

bool Subcommands::has(const std::string &name) const {
  return std::any_of(commands.begin(), commands.end(),
                     [&](const auto &entry) { return entry.first->get_name() == name; });
}

int Subcommands::run() const {
  for (const auto &[command, execute] : commands)
    if (command->parsed())
      return execute();
  return exitBadRequest;
}

} // namespace heddle::cli
