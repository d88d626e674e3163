// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/trace.h"

#include <set>

#include "run_testing.h"

namespace heddle::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

RunReport Report() {
  RunReport report;
  report.makespan_ms = 30;
  for (int i = 0; i < 4; ++i) {
    CallReport call;
    call.id = i + 1;
    call.tool = "search";
    call.attempts = 1;
    call.start_ms = i < 2 ? 0 : 10;  // two at once, then two at once
    call.end_ms = call.start_ms + 10;
    report.calls.push_back(call);
  }
  report.calls[3].status = CallStatus::kError;
  report.calls[3].error = "broke";
  CallReport skipped;
  skipped.status = CallStatus::kSkipped;
  report.calls.push_back(skipped);
  return report;
}

TEST(Trace, TraceparentsFollowW3C) {
  EXPECT_TRUE(IsTraceparent(kParent));
  EXPECT_TRUE(IsTraceparent(NewTraceparent()));
  EXPECT_NE(NewTraceparent(), NewTraceparent());
  for (const char* wrong : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331x01"}) {
    EXPECT_FALSE(IsTraceparent(wrong)) << wrong;
    EXPECT_EQ(ChildTraceparent(wrong, 1), "");
  }
  std::string run = NewTraceparent(kParent);
  EXPECT_EQ(run.substr(0, 36), std::string(kParent).substr(0, 36));
  EXPECT_NE(run, kParent);
  std::set<std::string> children;
  for (CallId id = -500; id < 500; ++id) children.insert(ChildTraceparent(run, id));
  EXPECT_EQ(children.size(), 1000u);
  for (const std::string& child : children) EXPECT_TRUE(IsTraceparent(child)) << child;
}

TEST(Trace, ChromeLanesDoNotOverlap) {
  Json trace = ChromeTrace(Report(), {});
  std::map<int, double> free_at;
  int calls = 0;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    ++calls;
    double& free = free_at[event["tid"].get<int>()];
    EXPECT_GE(event["ts"].get<double>(), free);
    free = event["ts"].get<double>() + event["dur"].get<double>();
  }
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(free_at.size(), 2u);
}

TEST(Trace, OtlpSpansHaveTheIdsThatToolsWereTold) {
  std::string run = NewTraceparent(kParent);
  using Time = std::chrono::system_clock::time_point;
  Json trace = OtlpTrace(Report(), run, kParent, Time(std::chrono::seconds(1700000000)), {});
  const Json& spans = trace["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 5u);
  EXPECT_EQ(spans[0]["parentSpanId"], "b7ad6b7169203331");
  EXPECT_EQ(spans[0]["endTimeUnixNano"], "1700000000030000000");
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(spans[i]["traceId"], "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(spans[i]["parentSpanId"], spans[0]["spanId"]);
    EXPECT_EQ(spans[i]["spanId"], ChildTraceparent(run, i).substr(36, 16));
  }
  EXPECT_EQ(spans[4]["status"]["code"], 2);
  EXPECT_EQ(spans[4]["status"]["message"], "broke");
  EXPECT_EQ(spans[1]["attributes"][0]["value"]["stringValue"], "search");
}

TEST(Trace, QuotesNoSecrets) {
  RunReport report = Report();
  for (CallReport& call : report.calls) {
    call.arguments = {{"header", "Bearer s3cret"}};
    if (!call.error.empty()) call.error = "s3cret is no key";
  }
  const Secrets secrets = {{"KEY", "s3cret"}};
  std::string chrome = ToText(ChromeTrace(report, secrets));
  EXPECT_THAT(chrome, HasSubstr("Bearer ${KEY}"));
  EXPECT_THAT(chrome, HasSubstr("${KEY} is no key"));
  std::string otlp = ToText(OtlpTrace(report, NewTraceparent(kParent), kParent, {}, secrets));
  EXPECT_THAT(otlp, HasSubstr("${KEY} is no key"));
  for (const std::string& text : {chrome, otlp}) EXPECT_THAT(text, Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace heddle::testing
