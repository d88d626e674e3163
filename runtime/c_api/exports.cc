// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A shared library needs a source of its own; the code is in the static one.

#include "heddle/heddle.h"
