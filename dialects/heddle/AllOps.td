// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All operations of the dialect, for its documentation; each file here has a header of its own.

include "HeddleOps.td"
include "CacheOps.td"
include "DagOps.td"
