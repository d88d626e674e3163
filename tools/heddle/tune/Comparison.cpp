// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/tune/Comparison.h"

#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/CompareTensors.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/TensorExchange.h"

#include <algorithm>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/resource.h>

namespace heddle::cli {

namespace {

/// One of the two, ready to run.
struct Contestant {
  std::shared_ptr<const Model> model;
  std::list<HostTensor> inputs; // before the session, which reads them
  std::unique_ptr<Session> session;
  double wholeUs = 0;
  std::map<std::string, double> kernelUs;

  absl::Status prepare(const std::string &artifact, const ComparisonRequest &request);
  absl::Status run(bool byKernel);
};

absl::Status Contestant::prepare(const std::string &artifact, const ComparisonRequest &request) {
  auto loaded = Model::Load(artifact, {});
  if (!loaded.ok())
    return loaded.status();
  model = *std::move(loaded);
  auto tensors = makeInputs(*model, request.inputs);
  if (!tensors.ok())
    return tensors.status();
  inputs = *std::move(tensors);
  SessionOptions options;
  options.threads = request.threads;
  auto created = Session::Create(model, options);
  if (!created.ok())
    return created.status();
  session = *std::move(created);
  if (request.byKernel)
    session->EnableTrace();
  return setInputs(*session, inputs);
}

/// What follows a dot in a kernel's name numbers the parts that one was cut into: they count together.
std::string kernelOf(std::string_view name) { return std::string(name.substr(0, name.find('.'))); }

/// A kernel's time in the run recorded last. In the main graph a task's parts run side by side, and its
/// time is from its first beginning to its last end; tasks of other graphs run many times.
std::map<std::string, double> timesByKernel(const TraceRecorder &trace,
                                            const DecodedProgram &program) {
  std::map<std::string, double> us;
  std::map<uint32_t, std::pair<int64_t, int64_t>> spans; // of tasks of the main graph
  for (const auto &worker : trace.events())
    for (const TraceRecorder::Event &event : worker) {
      if (event.task->kind != program::TaskKind::kKernel)
        continue;
      if (event.graph == 0) {
        auto [span, isNew] = spans.try_emplace(event.index, event.begin_ns, event.end_ns);
        span->second.first = std::min(span->second.first, event.begin_ns);
        span->second.second = std::max(span->second.second, event.end_ns);
      } else {
        us[kernelOf(program.kernels[event.task->kernel])] +=
            static_cast<double>(event.end_ns - event.begin_ns) / 1e3;
      }
    }
  for (const auto &[task, span] : spans)
    us[kernelOf(program.kernels[program.graphs[0].tasks[task].kernel])] +=
        static_cast<double>(span.second - span.first) / 1e3;
  return us;
}

absl::Status Contestant::run(bool byKernel) {
  auto begin = Clock::now();
  if (absl::Status status = session->Run(); !status.ok())
    return status;
  wholeUs = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  if (byKernel)
    kernelUs = timesByKernel(*session->trace(), model->program());
  return absl::OkStatus();
}

void note(ComparedTimes &times, double usualUs, double otherUs) {
  times.usualUs = times.pairs ? std::min(times.usualUs, usualUs) : usualUs;
  times.otherUs = times.pairs ? std::min(times.otherUs, otherUs) : otherUs;
  ++times.pairs;
  times.faster += otherUs < usualUs;
}

/// A schedule changes when a kernel does what, and not what it computes.
absl::Status sameResults(const Contestant &usual, const Contestant &other) {
  Tolerance tolerance{
      .relative = 1e-3, .absolute = 1e-4, .scaleAbsolute = true, .minCosine = 0.999};
  for (size_t i = 0; i < usual.model->outputs().size(); ++i) {
    const std::string name = "output " + std::to_string(i);
    HostTensor want = copyOf(usual.session->output(static_cast<int>(i)), name);
    HostTensor got = copyOf(other.session->output(static_cast<int>(i)), name);
    if (auto why = difference(got, want, tolerance))
      return absl::InternalError("a schedule changes " + name + ": " + *why);
  }
  return absl::OkStatus();
}

/// Until this process ends. Who else measures waits; who does not has less priority, where the system
/// lets us have more.
void takeTurn(const std::string &file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0)
    ::flock(descriptor, LOCK_EX);
  ::setpriority(PRIO_PROCESS, 0, -15);
}

absl::StatusOr<Comparison> compareHere(const ComparisonRequest &request) {
  constexpr int warmUps = 2, fewestPairs = 8, mostPairs = 400;
  takeTurn(request.turns);
  Contestant usual, other;
  for (auto [one, artifact] :
       {std::pair(&usual, &request.usual), std::pair(&other, &request.other)})
    if (absl::Status status = one->prepare(*artifact, request); !status.ok())
      return status;
  Comparison result;
  auto begin = Clock::now();
  for (int pair = -warmUps; pair < mostPairs; ++pair) {
    if (pair >= fewestPairs &&
        Clock::now() - begin > std::chrono::duration<double>(request.seconds))
      break;
    // Each goes first in half of the pairs: what runs after the other finds its caches.
    Contestant *order[] = {pair % 2 ? &other : &usual, pair % 2 ? &usual : &other};
    for (Contestant *one : order)
      if (absl::Status status = one->run(request.byKernel); !status.ok())
        return status;
    if (pair < 0) {
      if (absl::Status status = sameResults(usual, other); !status.ok())
        return status;
      continue;
    }
    note(result.whole, usual.wholeUs, other.wholeUs);
    for (const auto &[kernel, us] : usual.kernelUs)
      if (auto found = other.kernelUs.find(kernel); found != other.kernelUs.end())
        note(result.kernels[kernel], us, found->second);
  }
  return result;
}

nlohmann::json jsonOf(const ComparedTimes &times) {
  return {times.usualUs, times.otherUs, times.pairs, times.faster};
}

ComparedTimes timesOf(const nlohmann::json &fields) {
  return {fields.at(0), fields.at(1), fields.at(2), fields.at(3)};
}

} // namespace

absl::StatusOr<Comparison> compareApart(const ComparisonRequest &request) {
  auto child = ChildProcess::start(
      [&](ChildReport &report) {
        nlohmann::json said;
        auto result = compareHere(request);
        said["code"] = static_cast<int>(result.status().code());
        said["message"] = messageOf(result.status());
        if (result.ok()) {
          said["whole"] = jsonOf(result->whole);
          for (const auto &[kernel, times] : result->kernels)
            said["kernels"][kernel] = jsonOf(times);
        }
        report.finish(said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      },
      {});
  if (!child.ok())
    return child.status();
  while (!(*child)->poll())
    waitForChildren(Clock::time_point::max());
  const ChildOutcome &outcome = (*child)->outcome();
  if (!outcome.finished)
    return absl::InternalError("running the model " + outcome.failure);
  nlohmann::json said = nlohmann::json::parse(outcome.result);
  if (int code = said.value("code", 0))
    return absl::Status(static_cast<absl::StatusCode>(code), said.value("message", ""));
  Comparison result;
  result.whole = timesOf(said["whole"]);
  for (const auto &[kernel, fields] : said["kernels"].items())
    result.kernels[kernel] = timesOf(fields);
  return result;
}

} // namespace heddle::cli
