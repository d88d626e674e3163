// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/PlanExecution.h"

#include "runtime/plan/trace.h"
#include "tools/heddle/Console.h"

#include <cstdio>
#include <cstdlib>

namespace heddle::cli {

static std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

PlanExecution::PlanExecution(PlanSession &session, const RunFlags &flags)
    : session(session), flags(flags), live(session.loop(), flags),
      interrupts(session.loop(), [this] {
        if (cancelRun)
          cancelRun();
      }) {
  parent = environment("TRACEPARENT");
  if (!IsTraceparent(parent))
    parent.clear();
  traceparent = NewTraceparent(parent);
}

RunOptions PlanExecution::options(Journal *journal) const {
  RunOptions options;
  options.max_parallel = flags.maxParallel;
  if (flags.timeoutSeconds)
    options.timeout = std::chrono::milliseconds(int64_t(*flags.timeoutSeconds * 1000));
  options.journal = journal;
  options.traceparent = traceparent;
  return options;
}

static absl::Status writeFile(const std::string &path, const std::string &text) {
  std::FILE *file = std::fopen(path.c_str(), "w");
  bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  good = file && std::fclose(file) == 0 && good;
  return good ? absl::OkStatus() : absl::InvalidArgumentError("cannot write " + path);
}

void PlanExecution::writeTraces(const RunReport &report) {
  const Secrets &secrets = session.tools().secrets();
  if (!flags.trace.empty())
    if (absl::Status status = writeFile(flags.trace, ToText(ChromeTrace(report, secrets)));
        !status.ok())
      note(messageOf(status));
  std::string endpoint = environment("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint.empty())
    return;
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint + (endpoint.back() == '/' ? "v1/traces" : "/v1/traces");
  request.headers = {{"Content-Type", "application/json"}};
  request.body = ToText(OtlpTrace(report, traceparent, parent, began, secrets));
  request.timeout = std::chrono::seconds(5);
  std::optional<absl::StatusOr<HttpResponse>> answer;
  auto transfer = session.tools().host().http.Start(
      std::move(request), [&](absl::StatusOr<HttpResponse> got) { answer = std::move(got); });
  session.loop().RunUntil([&] { return answer.has_value(); });
  if (!answer->ok())
    note("the trace was not sent: " + messageOf(answer->status()));
  else if ((*answer)->status >= 400)
    note("the trace was not sent: " + endpoint + " answered " + std::to_string((*answer)->status));
}

int PlanExecution::finish(const RunReport &report, const Json &extra) {
  live.close();
  writeTraces(report);
  if (flags.json) {
    Json all = ToJson(report);
    all.update(extra);
    std::printf("%s\n", all.dump(1, ' ', false, Json::error_handler_t::replace).c_str());
  } else if (auto answer = extra.find("answer"); answer != extra.end()) {
    std::printf("%s\n", ToPlainText(*answer).c_str());
  } else if (report.status != RunReport::Status::kCancelled) {
    std::printf("%s\n", ToPlainText(report.result).c_str());
  }
  if (interrupted())
    return exitInterrupted;
  return report.status == RunReport::Status::kOk ? exitDone : exitWrong;
}

} // namespace heddle::cli
