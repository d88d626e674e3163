// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle tune`: searches, keeps what it finds, and says what that is.

#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/tune/Tuner.h"

#include <cmath>
#include <cstdio>

namespace heddle::cli {

namespace {

struct TuneCommand {
  std::string model;
  CompileFlags flags;
  InputRequest inputs;
  int threads = 1;
  double budget = 60;
  bool json = false;

  int run() const;
};

std::string scheduleText(const TunedKernel &kernel) {
  std::string text;
  for (const auto &[name, value] : kernel.schedule) {
    std::string usual;
    for (const KernelKnob &knob : kernel.kernel.knobs)
      if (knob.name == name)
        usual = " (" + std::to_string(knob.usual) + ")";
    text += (text.empty() ? "" : ", ") + name + " " + std::to_string(value) + usual;
  }
  return text;
}

void print(const TuneReport &report) {
  std::printf("%7s %9s %9s %6s  %s\n", "share", "usual us", "best us", "time", "kernel");
  for (const TunedKernel &kernel : report.kernels) {
    bool better = !kernel.schedule.empty();
    std::printf("%6.1f%% %9.1f %9.1f %6.3f  %s %s\n", 100 * kernel.share, kernel.times.usualUs,
                better ? kernel.times.otherUs : kernel.times.usualUs,
                better ? kernel.times.ratio() : 1.0, oneLine(kernel.kernel.kernel).c_str(),
                oneLine(kernel.kernel.sizes).c_str());
    if (better)
      std::printf("%36s%s\n", "", oneLine(scheduleText(kernel)).c_str());
  }
  if (report.whole.pairs > 0)
    std::printf("as a whole %.1f us, usually %.1f: %.3f of the time\n", report.whole.otherUs,
                report.whole.usualUs, report.whole.ratio());
  std::printf("%d schedules kept after %d rounds%s\n", report.kept, report.rounds,
              report.complete ? "" : "; not all was tried, --budget gives more time");
}

nlohmann::ordered_json jsonOf(const TuneReport &report) {
  auto rounded = [](double number) { return std::round(number * 1e3) / 1e3; };
  nlohmann::ordered_json all;
  all["rounds"] = report.rounds;
  all["complete"] = report.complete;
  all["kept"] = report.kept;
  all["usual_us"] = rounded(report.whole.usualUs);
  all["tuned_us"] = rounded(report.whole.otherUs);
  all["kernels"] = nlohmann::ordered_json::array();
  for (const TunedKernel &kernel : report.kernels)
    all["kernels"].push_back({{"kernel", kernel.kernel.kernel},
                              {"signature", kernel.kernel.signature},
                              {"sizes", kernel.kernel.sizes},
                              {"share", rounded(kernel.share)},
                              {"usual_us", rounded(kernel.times.usualUs)},
                              {"best_us", rounded(kernel.times.otherUs)},
                              {"schedule", kernel.schedule}});
  return all;
}

int TuneCommand::run() const {
  auto compile = flags.request(model);
  if (!compile.ok())
    return fail(compile.status());
  if (isArtifact(model))
    return badRequest(model + ": is an artifact; tune the model that it was made of");
  if (flags.noCache || flags.noTuned)
    return badRequest(
        "what is found is kept in the cache: --no-cache and --no-tuned make no sense");
  TuneRequest request{*compile, inputs, threads, budget};
  request.inputs.random = true;
  auto report = Tuner(std::move(request)).run();
  if (!report.ok())
    return fail(report.status());
  if (json)
    std::printf(
        "%s\n",
        jsonOf(*report).dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  else
    print(*report);
  return exitDone;
}

} // namespace

Command addTune(CLI::App &app) {
  auto command = std::make_shared<TuneCommand>();
  app.add_option("MODEL", command->model, "An ONNX model, or .mlir in Heddle's dialect")
      ->required();
  app.add_option("--budget", command->budget, "Seconds that it may take, about")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_option("--threads", command->threads, "Threads of a run that is to be fast; 0: all")
      ->check(CLI::Range(0, 1024).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--input", command->inputs.files, "An input from a .npy or .pb file")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_flag("--json", command->json, "Print the result as JSON");
  command->flags.addTo(app);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
