// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Many sessions of one model at once, each on a thread of its own that runs it again and again, as
// a server does. In turns with one session that does so alone:
//
//   sessions ARTIFACT [--sessions 10] [--threads 2] [--seconds 1] [--rounds 5] [--json]
//            [INPUT.pb|.npy ...]
//
// Prints runs per second of both and their ratio, and latencies: the fair share of a session is so
// many times the mean of the one alone as there are sessions to share the machine. Medians over the
// rounds. Inputs are the model's by name where it has the name, else by position; without them they
// are zeros, which needs a model without symbolic dimensions.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "frontends/onnx/TensorFile.h"
#include "runtime/session/session.h"

namespace {

using heddle::HostTensor;
using heddle::Model;
using heddle::Session;
using heddle::Tensor;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string artifact;
  std::vector<std::string> inputs;
  int sessions = 10;
  int threads = 2;
  double seconds = 1;
  int rounds = 5;
  bool json = false;
};

void Check(const absl::Status &status) {
  if (status.ok())
    return;
  std::fprintf(stderr, "sessions: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

Options Parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    auto is = [&](const char *name) { return std::strcmp(argv[i], name) == 0 && i + 1 < argc; };
    if (is("--sessions")) {
      options.sessions = std::atoi(argv[++i]);
    } else if (is("--threads")) {
      options.threads = std::atoi(argv[++i]);
    } else if (is("--seconds")) {
      options.seconds = std::atof(argv[++i]);
    } else if (is("--rounds")) {
      options.rounds = std::atoi(argv[++i]);
    } else if (std::strcmp(argv[i], "--json") == 0) {
      options.json = true;
    } else if (options.artifact.empty()) {
      options.artifact = argv[i];
    } else {
      options.inputs.push_back(argv[i]);
    }
  }
  if (options.artifact.empty() || options.sessions < 1 || options.threads < 0 ||
      options.rounds < 1 || !(options.seconds > 0)) {
    Check(absl::InvalidArgumentError("usage: sessions ARTIFACT [--sessions N] [--threads N] "
                                     "[--seconds S] [--rounds N] INPUT..."));
  }
  return options;
}

std::vector<HostTensor> ReadInputs(const Options &options, const Model &model) {
  std::vector<HostTensor> tensors;
  for (const std::string &file : options.inputs) {
    auto tensor = heddle::readTensorFile(file);
    Check(tensor.status());
    tensors.push_back(*std::move(tensor));
  }
  for (size_t i = tensors.size(); i < model.inputs().size(); ++i) {
    HostTensor &zeros = tensors.emplace_back();
    zeros.type = model.inputs()[i].element_type;
    int64_t count = 1;
    for (const auto &dim : model.inputs()[i].dims) {
      zeros.dims.push_back(dim.size);
      count *= dim.size;
      if (dim.size < 0)
        Check(absl::InvalidArgumentError("the model needs inputs: it has symbols"));
    }
    zeros.bytes.assign(static_cast<size_t>(heddle::ElementBytes(zeros.type, count)), 0);
  }
  return tensors;
}

// What sessions that ran side by side did.
struct Measured {
  double per_second = 0;
  std::vector<double> ms; // of each run, sorted
  double mean() const {
    double sum = 0;
    for (double one : ms)
      sum += one;
    return sum / static_cast<double>(ms.size());
  }
  double quantile(double q) const {
    return ms[static_cast<size_t>(q * static_cast<double>(ms.size() - 1))];
  }
};

Measured Measure(std::vector<std::unique_ptr<Session>> &sessions, size_t count, double seconds) {
  std::vector<std::vector<double>> ms(count);
  std::atomic<int> waiting{static_cast<int>(count)};
  std::vector<std::thread> threads;
  std::vector<double> took(count);
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      waiting.fetch_sub(1);
      while (waiting.load() > 0)
        std::this_thread::yield();
      auto begin = Clock::now(), last = begin;
      auto end = begin + std::chrono::duration<double>(seconds);
      while (last < end) {
        Check(sessions[i]->Run());
        auto now = Clock::now();
        ms[i].push_back(std::chrono::duration<double, std::milli>(now - last).count());
        last = now;
      }
      took[i] = std::chrono::duration<double>(last - begin).count();
    });
  }
  for (std::thread &thread : threads)
    thread.join();
  Measured all;
  for (size_t i = 0; i < count; ++i) {
    all.per_second += static_cast<double>(ms[i].size()) / took[i];
    all.ms.insert(all.ms.end(), ms[i].begin(), ms[i].end());
  }
  std::sort(all.ms.begin(), all.ms.end());
  return all;
}

double Median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

} // namespace

int main(int argc, char **argv) {
  Options options = Parse(argc, argv);
  auto model = Model::Load(options.artifact, {});
  Check(model.status());
  std::vector<HostTensor> inputs = ReadInputs(options, **model);
  std::vector<std::unique_ptr<Session>> sessions;
  for (int i = 0; i < options.sessions; ++i) {
    auto session = Session::Create(*model, {.threads = options.threads});
    Check(session.status());
    for (size_t k = 0; k < inputs.size(); ++k) {
      auto tensor = Tensor::Borrow(inputs[k].type, inputs[k].dims, inputs[k].bytes.data());
      Check(tensor.status());
      int named = (*model)->FindInput(inputs[k].name);
      Check((*session)->SetInput(named >= 0 ? named : static_cast<int>(k), *tensor));
    }
    Check((*session)->Run());
    sessions.push_back(*std::move(session));
  }
  std::vector<double> alone, together, share, median, slow;
  for (int round = 0; round < options.rounds; ++round) {
    Measured one = Measure(sessions, 1, options.seconds);
    Measured all = Measure(sessions, sessions.size(), options.seconds);
    alone.push_back(one.per_second);
    together.push_back(all.per_second);
    share.push_back(one.mean() * options.sessions);
    median.push_back(all.quantile(0.5));
    slow.push_back(all.quantile(0.99));
  }
  double load = 0;
  if (getloadavg(&load, 1) != 1)
    load = -1;
  if (options.json) {
    std::printf("{\"sessions\": %d, \"threads\": %d, \"alone_per_s\": %.3f, "
                "\"together_per_s\": %.3f, \"median_ms\": %.5f, \"p99_ms\": %.5f, "
                "\"fair_share_ms\": %.5f, \"load\": %.2f}\n",
                options.sessions, options.threads, Median(alone), Median(together), Median(median),
                Median(slow), Median(share), load);
    return 0;
  }
  std::printf("%s: %d sessions of %d threads: %.0f runs/s, alone %.0f, ratio %.2f; "
              "latency %.3f ms, p99 %.3f, fair share %.3f: p99 is %.2f of it; load %.1f\n",
              options.artifact.c_str(), options.sessions, options.threads, Median(together),
              Median(alone), Median(together) / Median(alone), Median(median), Median(slow),
              Median(share), Median(slow) / Median(share), load);
  return 0;
}
