// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a language model's server sends: read whole and in parts, it must say the same.

#include <stdlib.h>

#include <algorithm>

#include "runtime/planner/decision.h"
#include "runtime/planner/reply_reader.h"

namespace {

struct Seen {
  std::string text;
  bool ok = false;
};

Seen Read(std::string_view bytes, size_t part, bool streams) {
  Seen seen;
  heddle::ChatEvents events;
  events.on_content = [&](std::string_view text) { seen.text += text; };
  events.on_tool_call = [&](const heddle::ChatToolCall& call) {
    seen.text += "|" + call.id + "|" + call.name + "|" + call.arguments;
  };
  heddle::ReplyReader reader(events, 1 << 20);
  reader.Begin(streams);
  while (!bytes.empty()) {
    const size_t count = std::min(part, bytes.size());
    if (!reader.Feed(bytes.substr(0, count)).ok()) break;
    bytes.remove_prefix(count);
  }
  const auto reply = reader.End();
  seen.ok = reply.ok();
  if (reply.ok()) (void)heddle::ParseDecision(reply->content);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool streams = (data[0] & 1) != 0;
  const Seen whole = Read(bytes, size, streams), parts = Read(bytes, 1 + data[0] / 8, streams);
  if (whole.text != parts.text || whole.ok != parts.ok) abort();
  (void)heddle::ParseDecision(bytes);
  return 0;
}
