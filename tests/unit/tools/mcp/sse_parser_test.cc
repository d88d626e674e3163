// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/sse_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace heddle {
namespace {

using testing::ElementsAre;

std::vector<std::string> Events(SseParser& parser, std::string_view text, size_t part) {
  std::vector<std::string> events;
  for (size_t i = 0; i < text.size(); i += part) {
    EXPECT_TRUE(parser.Feed(text.substr(i, part), [&](SseEvent event) {
      events.push_back(event.type + ":" + event.data);
    }));
  }
  return events;
}

TEST(SseParser, GivesTheSameEventsInAnyParts) {
  constexpr std::string_view text =
      "\xEF\xBB\xBF"
      "data: a\n\n: comment\r\nevent: x\r\ndata:b\r\ndata\r\ndata:  c\r\n\r\n"
      "id: 7\rretry: 250\rdata: d\r\revent: empty\n\nother: y\nid: 8\ndata: e\n\ndata: cut off";
  for (size_t part : {1u, 2u, 3u, 7u, 1000u}) {
    SseParser parser;
    EXPECT_THAT(Events(parser, text, part),
                ElementsAre("message:a", "x:b\n\n c", "message:d", "message:e"));
    EXPECT_EQ(parser.last_event_id(), "8");
    EXPECT_EQ(parser.retry(), std::chrono::milliseconds(250));
  }
}

TEST(SseParser, GoesOnAfterAnotherConnection) {
  SseParser parser;
  EXPECT_THAT(Events(parser, "id: 1\ndata: a\n\ndata: lost", 100), ElementsAre("message:a"));
  parser.Reconnect();
  EXPECT_THAT(Events(parser, "data: b\n\n", 100), ElementsAre("message:b"));
  EXPECT_EQ(parser.last_event_id(), "1");
}

TEST(SseParser, WrongFieldsDoNothing) {
  SseParser parser;
  EXPECT_THAT(Events(parser, std::string("retry: soon\nretry: -1\nid: a\0b\ndata: x\n\n", 39), 100),
              ElementsAre("message:x"));
  EXPECT_EQ(parser.last_event_id(), "");
  EXPECT_FALSE(parser.retry().has_value());
}

TEST(SseParser, EventsAreBounded) {
  const auto ignore = [](SseEvent) {};
  SseParser line(10);
  EXPECT_FALSE(line.Feed("data: 12345", ignore));
  EXPECT_FALSE(line.Feed("\n\n", ignore));
  SseParser lines(10);
  EXPECT_TRUE(lines.Feed("data: 1\n", ignore));
  EXPECT_TRUE(lines.Feed("data: 2\n", ignore));
  EXPECT_FALSE(lines.Feed("data: 345\n", ignore));
}

}  // namespace
}  // namespace heddle
