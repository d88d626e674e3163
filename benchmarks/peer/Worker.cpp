// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times one side on request, so that several can take turns:
//
//   peer_worker heddle[:CPU]|multiply-adds|read|LIBONNXRUNTIME.so MODEL THREADS INPUT.pb...
//
// loads, runs once and prints {"load_ms":, "first_ms":}; then, for each line "SECONDS" on standard
// input, runs for about as long, and prints {"ms": [of each run]}. Errors are {"error": TEXT}. Ends
// with its input.
//
// allocation_worker is the same program and prints {"ms":, "allocations": during all of these
// runs}.

#include "benchmarks/peer/Engine.h"
#include "frontends/onnx/TensorFile.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>

using namespace heddle;
using namespace heddle::bench;
using Clock = std::chrono::steady_clock;

namespace heddle::bench {
/// Of CountAllocations.cpp, in programs that have it.
[[gnu::weak]] long allocationsSoFar();
} // namespace heddle::bench

static constexpr size_t mostRuns = 20000;

static void say(const nlohmann::json &json) { std::cout << json.dump() << std::endl; }

static int fail(const absl::Status &status) {
  say({{"error", std::string(status.message())}});
  return 1;
}

static double msSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

static std::unique_ptr<Engine> makeEngine(const std::string &which) {
  return which == "heddle"              ? makeHeddleEngine("")
         : which.starts_with("heddle:") ? makeHeddleEngine(which.substr(7))
         : which == "multiply-adds"     ? makeMultiplyAddEngine()
         : which == "read"              ? makeReadEngine()
                                        : makeOnnxRuntimeEngine(which);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return fail(absl::InvalidArgumentError("usage: peer_worker ENGINE MODEL THREADS INPUT.pb..."));
  std::unique_ptr<Engine> engine = makeEngine(argv[1]);
  std::vector<HostTensor> inputs;
  for (int i = 4; i < argc; ++i) {
    auto tensor = readTensorFile(argv[i]);
    if (!tensor.ok())
      return fail(tensor.status());
    inputs.push_back(*std::move(tensor));
  }
  if (auto status = engine->prepare(); !status.ok())
    return fail(status);
  auto begin = Clock::now();
  if (auto status = engine->load(argv[2], std::atoi(argv[3])); !status.ok())
    return fail(status);
  double loadMs = msSince(begin);
  if (auto status = engine->setInputs(std::move(inputs)); !status.ok())
    return fail(status);
  auto first = engine->seconds();
  if (!first.ok())
    return fail(first.status());
  say({{"load_ms", loadMs}, {"first_ms", *first * 1e3}});

  std::vector<double> ms;
  ms.reserve(mostRuns);
  for (std::string line; std::getline(std::cin, line);) {
    double seconds = std::atof(line.c_str());
    ms.clear();
    long allocations = allocationsSoFar ? allocationsSoFar() : 0;
    begin = Clock::now();
    while (ms.empty() || (msSince(begin) < seconds * 1e3 && ms.size() < mostRuns)) {
      auto took = engine->seconds();
      if (!took.ok())
        return fail(took.status());
      ms.push_back(*took * 1e3);
    }
    if (allocationsSoFar)
      allocations = allocationsSoFar() - allocations;
    nlohmann::json answer = {{"ms", ms}};
    if (allocationsSoFar)
      answer["allocations"] = allocations;
    say(answer);
  }
  return 0;
}
