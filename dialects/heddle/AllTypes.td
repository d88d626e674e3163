// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All types of the dialect: they are parsed and printed together, but have headers of their own.

include "HeddleTypes.td"
include "CacheTypes.td"
