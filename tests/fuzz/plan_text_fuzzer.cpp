// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plan text, whole, byte by byte and cut into pieces at places that the input chooses: all must say
// the same. The limits of calls and bytes are small for every other input.
// What is accepted must print, and read again as the same text.

#include <cstdlib>

#include "plan_fuzzing.h"

namespace {

std::string eventsOf(std::string_view text, size_t step, const heddle::PlanReadOptions& options) {
  static const heddle::FuzzCatalog catalog;
  heddle::EventLog log;
  heddle::PlanStream stream("fuzz", catalog, options, log);
  for (size_t at = 0; at < text.size(); at += step) stream.feed(text.substr(at, step));
  stream.end();
  return log.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  PlanReadOptions options;
  if (data[0] & 0x80) {
    options.maxCalls = 3;
    options.maxBytes = 200;
    options.maxDepth = 3;
    options.maxDiagnostics = 5;
  }
  std::string whole = eventsOf(text, size, options);
  if (whole != eventsOf(text, 1, options) || whole != eventsOf(text, data[0] % 32 + 1, options))
    std::abort();
  static const FuzzCatalog catalog;
  checkRoundTrip(text, catalog);
  return 0;
}
