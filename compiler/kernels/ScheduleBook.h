// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which schedules the kernels of a program get, and which they could have.
//
// A kernel is known by its signature: a digest of its operations and of the sizes they are used with, but
// not of what its program calls them. Kernels that serve several sizes with the same code are one
// kernel, unless something else was found to be best for one of the sizes.

#ifndef HEDDLE_COMPILER_KERNELS_SCHEDULEBOOK_H
#define HEDDLE_COMPILER_KERNELS_SCHEDULEBOOK_H

#include "compiler/codegen/Schedule.h"
#include "dialects/heddle/DimExpr.h"
#include "llvm/Support/Error.h"

#include <functional>

namespace heddle {

class ScheduleBook {
public:
  /// What is wanted of the kernel with a signature; nothing for most.
  std::function<llvm::Expected<codegen::ScheduleChoice>(const std::string &signature)> find;
  /// One kernel for each signature, so that each has a time of its own.
  bool apart = false;

  struct Entry {
    std::string kernel, signature, sizes;
    std::vector<codegen::Schedule::Knob> knobs;
  };
  /// Of the kernels that have a choice, one for each signature where they are apart.
  std::vector<Entry> entries;
  /// How many of them got something unusual.
  size_t tuned() const;
  /// The first thing that `find` could not read; the program is not what was asked for then.
  std::string error;

  /// `source` is the kernel's text over symbols, `sizes` are what these stand for.
  static std::string signatureOf(llvm::StringRef source, llvm::StringRef sizes);
  codegen::ScheduleChoice wanted(const std::string &signature);
  /// All of it as JSON: what `heddle compile --emit schedules` writes.
  std::string json(llvm::StringRef target) const;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_SCHEDULEBOOK_H
