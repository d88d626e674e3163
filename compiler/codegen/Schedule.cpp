// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Schedule.h"

#include "llvm/ADT/STLExtras.h"

namespace heddle::codegen {

int64_t Schedule::choose(llvm::StringRef name, int64_t usual, llvm::ArrayRef<int64_t> others) {
  Knob knob{name.str(), usual, usual, {}};
  for (int64_t other : others)
    if (other != usual && !llvm::is_contained(knob.others, other))
      knob.others.push_back(other);
  auto found = wanted.find(knob.name);
  if (found != wanted.end() && llvm::is_contained(knob.others, found->second))
    knob.value = found->second;
  auto known = llvm::find_if(asked, [&](const Knob &before) { return before.name == name; });
  if (known != asked.end())
    *known = knob;
  else
    asked.push_back(knob);
  return knob.value;
}

} // namespace heddle::codegen
