// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times one runtime on request, so that two of them can take turns:
//
//   peer_worker heddle|LIBONNXRUNTIME.so MODEL THREADS INPUT.pb...
//
// loads, runs once and prints {"load_ms":, "first_ms":, "peak_mb":}; then, for each line "SECONDS"
// on standard input, runs for about as long, and prints {"ms": [of each run]}. Errors are
// {"error": TEXT}. Ends with its input.

#include "benchmarks/peer/Engine.h"
#include "frontends/onnx/TensorFile.h"

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <chrono>
#include <iostream>

using namespace heddle;
using namespace heddle::bench;
using Clock = std::chrono::steady_clock;

static constexpr size_t mostRuns = 20000;

static void say(const nlohmann::json &json) { std::cout << json.dump() << std::endl; }

static int fail(const absl::Status &status) {
  say({{"error", std::string(status.message())}});
  return 1;
}

static double msSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

int main(int argc, char **argv) {
  if (argc < 4)
    return fail(absl::InvalidArgumentError("usage: peer_worker ENGINE MODEL THREADS INPUT.pb..."));
  std::string which = argv[1];
  std::unique_ptr<Engine> engine =
      which == "heddle" ? makeHeddleEngine() : makeOnnxRuntimeEngine(which);
  std::vector<HostTensor> inputs;
  for (int i = 4; i < argc; ++i) {
    auto tensor = readTensorFile(argv[i]);
    if (!tensor.ok())
      return fail(tensor.status());
    inputs.push_back(*std::move(tensor));
  }
  auto begin = Clock::now();
  if (auto status = engine->load(argv[2], std::atoi(argv[3]), std::move(inputs)); !status.ok())
    return fail(status);
  double loadMs = msSince(begin);
  auto first = engine->seconds();
  if (!first.ok())
    return fail(first.status());
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  say({{"load_ms", loadMs}, {"first_ms", *first * 1e3}, {"peak_mb", usage.ru_maxrss / 1024.0}});

  for (std::string line; std::getline(std::cin, line);) {
    double seconds = std::atof(line.c_str());
    std::vector<double> ms;
    begin = Clock::now();
    while (ms.empty() || (msSince(begin) < seconds * 1e3 && ms.size() < mostRuns)) {
      auto took = engine->seconds();
      if (!took.ok())
        return fail(took.status());
      ms.push_back(*took * 1e3);
    }
    say({{"ms", ms}});
  }
  return 0;
}
