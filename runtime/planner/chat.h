// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is said to a language model and what it answers, as the OpenAI-compatible
// `/chat/completions` has it.
//
// Thread-safety: plain data.

#ifndef HEDDLE_RUNTIME_PLANNER_CHAT_H_
#define HEDDLE_RUNTIME_PLANNER_CHAT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/json.h"

namespace heddle {

// A call that a model makes by itself, without a plan. The arguments are JSON text as it wrote
// them.
struct ChatToolCall {
  std::string id, name, arguments;
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool"
  std::string content;
  std::vector<ChatToolCall> tool_calls = {};  // of the assistant
  std::string tool_call_id = {};              // of a tool: what it answers
};

struct ChatRequest {
  std::vector<ChatMessage> messages;
  std::optional<Json> response_format = {};  // left out for a server that does not know it
  std::optional<Json> tools = {};
  std::string tool_choice = {};  // empty: the server's default
};

struct ChatUsage {
  int64_t prompt_tokens = 0, completion_tokens = 0;
  void operator+=(const ChatUsage& other) {
    prompt_tokens += other.prompt_tokens;
    completion_tokens += other.completion_tokens;
  }
};

struct ChatReply {
  std::string content;
  std::vector<ChatToolCall> tool_calls;
  ChatUsage usage;
};

// While a reply arrives. All may be null.
struct ChatEvents {
  std::function<void(std::string_view)> on_content = {};
  std::function<void(const ChatToolCall&)> on_tool_call = {};  // its arguments are complete
  // The request failed before anything came, and is made again.
  std::function<void(const std::string& why, std::chrono::milliseconds pause)> on_retry = {};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_CHAT_H_
