// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/StructuredLowering.h"

void heddle::addMovementLowerings(StructuredLoweringTable &table) {}
