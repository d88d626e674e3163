// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON plans and tool_calls; the input is what stands inside of {"calls": [...]} or [...].

#include "plan_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle;
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const FuzzCatalog catalog;
  switch (data[0] % 3) {
    case 0:
      text = "{\"calls\": [" + text + "]}";
      break;
    case 1:
      text = "[{" + text + "}]";
      break;
    default:
      break;
  }
  checkRoundTrip(text, catalog);
  (void)toolsNamedIn(text);
  return 0;
}
