// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/lowering/Families.h"
void heddle::addSamplingLowerings(StructuredLoweringTable &table) {}
