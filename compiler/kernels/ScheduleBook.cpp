// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ScheduleBook.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace heddle {

size_t ScheduleBook::tuned() const {
  return count_if(entries, [](const Entry &entry) {
    return any_of(entry.knobs, [](const auto &knob) { return knob.value != knob.usual; });
  });
}

std::string ScheduleBook::signatureOf(StringRef source, StringRef sizes) {
  SHA256 digest;
  digest.update(source);
  digest.update(sizes);
  return toHex(digest.final(), /*LowerCase=*/true).substr(0, 32);
}

codegen::ScheduleChoice ScheduleBook::wanted(const std::string &signature) {
  if (!find)
    return {};
  auto found = find(signature);
  if (found)
    return *found;
  std::string problem = toString(found.takeError());
  if (error.empty())
    error = problem;
  return {};
}

std::string ScheduleBook::json(StringRef target) const {
  std::string text;
  raw_string_ostream os(text);
  json::OStream out(os, /*IndentSize=*/1);
  out.object([&] {
    out.attribute("target", target);
    out.attributeArray("kernels", [&] {
      for (const Entry &entry : entries)
        out.object([&] {
          out.attribute("kernel", entry.kernel);
          out.attribute("signature", entry.signature);
          out.attribute("sizes", entry.sizes);
          out.attributeArray("choices", [&] {
            for (const auto &knob : entry.knobs)
              out.object([&] {
                out.attribute("name", knob.name);
                out.attribute("value", knob.value);
                out.attribute("usual", knob.usual);
                out.attribute("others", json::Array(knob.others));
              });
          });
        });
    });
  });
  os << "\n";
  return text;
}

} // namespace heddle
