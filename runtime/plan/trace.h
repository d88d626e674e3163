// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finished run for trace viewers: the JSON of Chrome and Perfetto, and the body of an OTLP/HTTP
// request. Calls are spans of one W3C trace; the ids that tools were given are the ones written here,
// because both follow from the trace's id and the call's. Secrets that arguments or errors quote are
// written as their names.
//
// Thread-safety: pure functions, except NewTraceparent, which draws random numbers.

#ifndef HEDDLE_RUNTIME_PLAN_TRACE_H_
#define HEDDLE_RUNTIME_PLAN_TRACE_H_

#include <chrono>
#include <string>
#include <string_view>

#include "runtime/plan/plan_run.h"
#include "runtime/plan/secrets.h"

namespace heddle {

// A new trace; with the traceparent of whoever called us, a child of that. A malformed one is no parent.
std::string NewTraceparent(std::string_view parent = {});
bool IsTraceparent(std::string_view text);

// What a call is told; empty without a trace.
std::string ChildTraceparent(std::string_view traceparent, CallId call);

// "traceEvents": complete events on as many lanes as calls ran at once.
Json ChromeTrace(const RunReport& report, const Secrets& secrets);

// One ExportTraceServiceRequest: the run's span and a span per call that ran. `traceparent` is the
// run's, `parent` the one it was made from, if any. POST it as application/json to ENDPOINT/v1/traces.
Json OtlpTrace(const RunReport& report, std::string_view traceparent, std::string_view parent,
               std::chrono::system_clock::time_point began, const Secrets& secrets);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_TRACE_H_
