// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plan text, whole and cut into pieces at places that the input chooses: both must say the same.
// What is accepted must print, and read again as the same text.

#include "plan_fuzzing.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace heddle;
  if (size == 0)
    return 0;
  std::string_view text(reinterpret_cast<const char *>(data) + 1, size - 1);
  static const FuzzCatalog catalog;

  EventLog whole, cut;
  PlanStream first("fuzz", catalog, {}, whole), second("fuzz", catalog, {}, cut);
  first.feed(text);
  first.end();
  size_t step = data[0] % 32 + 1;
  for (size_t at = 0; at < text.size(); at += step)
    second.feed(text.substr(at, step));
  second.end();
  if (whole.text != cut.text)
    std::abort();
  checkRoundTrip(text, catalog);
  return 0;
}
