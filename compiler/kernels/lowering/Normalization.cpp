// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization: parts by what the statistics are taken over.

#include "compiler/kernels/lowering/Families.h"

void heddle::addNormalizationLowerings(StructuredLoweringTable &table) {
  addSoftmaxLowerings(table);
  addRowNormalizationLowerings(table);
  addChannelNormalizationLowerings(table);
  addGatedLowerings(table);
}
