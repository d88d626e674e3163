// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle run` and `heddle bench`: load, make inputs, run, and say what came out or how long it
// took.

#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/Inputs.h"
#include "tools/heddle/LoadedModel.h"
#include "tools/heddle/Measurement.h"
#include "tools/heddle/Outputs.h"
#include "tools/heddle/Profile.h"
#include "tools/heddle/TensorExchange.h"

#include <cstdio>

namespace heddle::cli {

namespace {

/// A model with a session whose inputs are set.
struct Prepared {
  Measurement measurement;
  std::list<HostTensor> inputs; // before the session, which reads them
  std::shared_ptr<const Model> model;
  std::unique_ptr<Session> session;
};

/// What both commands are asked.
struct Target {
  std::string model;
  InputRequest inputs;
  CompileFlags flags;
  int threads = 0;
  bool json = false;

  void addTo(CLI::App &app) {
    app.add_option("MODEL", model, "A model, or an artifact made by heddle compile")->required();
    app.add_option("--input", inputs.files, "An input from a .npy or .pb file")
        ->type_name("NAME=FILE")
        ->allow_extra_args(false);
    app.add_option("--threads", threads, "Most threads of a run; 0: all")
        ->check(CLI::Range(0, 1024));
    app.add_flag("--json", json, "Print the result as JSON");
    flags.addTo(app);
  }

  absl::Status prepare(Prepared &prepared) const;
};

absl::Status Target::prepare(Prepared &prepared) const {
  auto request = flags.request(model);
  if (!request.ok())
    return request.status();
  auto loaded = loadModel(*request, !flags.noCache);
  if (!loaded.ok())
    return loaded.status();
  InputRequest wanted = inputs;
  if (loaded->fromArtifact)
    wanted.dims = request->dims;
  auto tensors = makeInputs(*loaded->model, wanted);
  if (!tensors.ok())
    return tensors.status();
  prepared.inputs = *std::move(tensors);
  SessionOptions options;
  options.threads = threads;
  auto session = Session::Create(loaded->model, options);
  if (!session.ok())
    return session.status();
  prepared.session = *std::move(session);
  prepared.model = loaded->model;
  Measurement &measurement = prepared.measurement;
  measurement.model = model;
  measurement.threads = prepared.session->statistics().threads;
  measurement.compileMs = loaded->compileMs;
  measurement.loadMs = loaded->loadMs;
  return setInputs(*prepared.session, prepared.inputs);
}

void printJson(const nlohmann::ordered_json &json) {
  std::printf("%s\n", json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

/// An error of loading or running, with the file it is about.
int failWith(const std::string &model, const absl::Status &status) {
  std::string message(status.message());
  if (message.find(model) == std::string::npos)
    message = model + ": " + message;
  return fail(absl::Status(status.code(), message));
}

struct RunCommand {
  Target target;
  std::string output, trace;
  int repeat = 1;
  bool random = false;

  int run();

private:
  absl::Status measure(Prepared &prepared) const;
};

absl::Status RunCommand::measure(Prepared &prepared) const {
  Progress progress;
  for (int i = 0; i < repeat; ++i) {
    // Recording costs time, so only the last run pays for it.
    if (!trace.empty() && i + 1 == repeat)
      prepared.session->EnableTrace();
    if (absl::Status status = measureRun(*prepared.session, prepared.measurement); !status.ok())
      return status;
    progress.show("run " + std::to_string(i + 1) + " of " + std::to_string(repeat));
  }
  return absl::OkStatus();
}

int RunCommand::run() {
  target.inputs.random = random;
  Prepared prepared;
  if (absl::Status status = target.prepare(prepared); !status.ok())
    return failWith(target.model, status);
  if (absl::Status status = measure(prepared); !status.ok())
    return failWith(target.model, status);
  if (!trace.empty())
    if (absl::Status status = prepared.session->trace()->WriteFile(trace); !status.ok())
      return fail(absl::InvalidArgumentError(messageOf(status)));
  if (!output.empty())
    if (absl::Status status = writeOutputs(*prepared.session, output); !status.ok())
      return fail(status);
  if (target.json) {
    nlohmann::ordered_json json = prepared.measurement.json();
    json["outputs"] = describeOutputs(*prepared.session);
    printJson(json);
    return exitDone;
  }
  if (output.empty())
    printOutputs(*prepared.session);
  if (repeat > 1)
    prepared.measurement.print();
  return exitDone;
}

struct BenchCommand {
  Target target;
  double minTime = 2;
  bool profile = false;

  int run();

private:
  int report(Prepared &prepared) const;
};

int BenchCommand::report(Prepared &prepared) const {
  std::optional<Profile> profiled;
  if (profile) {
    auto made = profileRuns(*prepared.session, *prepared.model, prepared.inputs);
    if (!made.ok())
      return failWith(target.model, made.status());
    profiled = *std::move(made);
  }
  if (target.json) {
    nlohmann::ordered_json json = prepared.measurement.json();
    if (profiled)
      json["profile"] = profiled->json();
    printJson(json);
    return exitDone;
  }
  prepared.measurement.print();
  if (profiled)
    profiled->print();
  return exitDone;
}

int BenchCommand::run() {
  target.inputs.random = true;
  Prepared prepared;
  if (absl::Status status = target.prepare(prepared); !status.ok())
    return failWith(target.model, status);
  constexpr size_t fewestRuns = 5;
  Measurement &measurement = prepared.measurement;
  Progress progress;
  // The first run, which fills caches and pools, is reported apart.
  auto begin = Clock::now();
  bool first = true;
  while (first || measurement.runMs.size() < fewestRuns ||
         Clock::now() - begin < std::chrono::duration<double>(minTime)) {
    if (absl::Status status = measureRun(*prepared.session, measurement); !status.ok())
      return failWith(target.model, status);
    if (first)
      begin = Clock::now();
    first = false;
    progress.show(std::to_string(measurement.runMs.size()) + " runs");
  }
  progress.clear();
  return report(prepared);
}

} // namespace

Command addRun(CLI::App &app) {
  auto command = std::make_shared<RunCommand>();
  command->target.addTo(app);
  auto *random = app.add_option("--random-inputs", command->target.inputs.seed,
                                "Random values for inputs that are not given; the seed is 0")
                     ->type_name("[SEED]");
  app.add_option("--output", command->output, "Write each output to NAME.npy in this folder")
      ->type_name("DIR");
  app.add_option("--repeat", command->repeat, "Run so often, and report the times")
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--trace", command->trace, "Write the last run for Perfetto or chrome://tracing")
      ->type_name("FILE.json");
  return [command, random] {
    command->random = random->count() > 0;
    return command->run();
  };
}

Command addBench(CLI::App &app) {
  auto command = std::make_shared<BenchCommand>();
  command->target.addTo(app);
  app.add_option("--min-time", command->minTime, "Measure for at least so many seconds")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--random-inputs", command->target.inputs.seed,
                 "The seed of the inputs that are not given")
      ->type_name("[SEED]");
  app.add_flag("--profile", command->profile,
               "Show the time of each task beside what the machine could do");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
