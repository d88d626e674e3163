// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes that leave channels, pixels and groups over in every way, small enough for plain loops.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H
#define HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H

#include <cstdint>

namespace heddle::codegen::small {

struct Size {
  int64_t n, groups, ic, oc, h, w;
};
struct Window {
  int64_t kernel, stride, pad;
};
inline const Window kWindows[] = {{3, 1, 1}, {1, 1, 0}, {3, 2, 0}};
inline const Size kSizes[] = {
    {1, 1, 3, 8, 11, 13}, {2, 1, 17, 33, 9, 7}, {1, 2, 10, 6, 16, 60}, {1, 1, 70, 65, 7, 14}};

} // namespace heddle::codegen::small

#endif // HEDDLE_TESTS_UNIT_CODEGEN_SMALLCONVOLUTIONS_H
