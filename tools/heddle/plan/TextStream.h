// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file, or standard input, read in pieces as they come.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_TEXTSTREAM_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_TEXTSTREAM_H

#include "absl/status/status.h"
#include "runtime/tools/event_loop.h"

#include <functional>
#include <string>
#include <string_view>

namespace heddle::cli {

class TextStream {
public:
  explicit TextStream(EventLoop &loop) : loop(loop) {}
  ~TextStream();
  /// "-" is standard input. `piece` is called for each piece, and with an empty one at the end.
  absl::Status open(const std::string &path, std::function<void(std::string_view)> piece);

private:
  void read();

  EventLoop &loop;
  std::function<void(std::string_view)> piece;
  int file = -1;
  EventLoop::Watch watch;
  bool isWatched = false;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_TEXTSTREAM_H
