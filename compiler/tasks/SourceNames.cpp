// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/SourceNames.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace heddle {

static void collect(Location loc, llvm::SetVector<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc))
    names.insert(name.getName().getValue());
  else if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      collect(part, names);
}

SmallVector<StringRef> sourceNameList(Location loc) {
  llvm::SetVector<StringRef> names;
  collect(loc, names);
  return names.takeVector();
}

std::string sourceNames(Location loc) { return llvm::join(sourceNameList(loc), ", "); }

} // namespace heddle
