// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of the larger families, one file each.

#ifndef HEDDLE_COMPILER_KERNELS_LOWERING_FAMILIES_H
#define HEDDLE_COMPILER_KERNELS_LOWERING_FAMILIES_H

#include "compiler/kernels/StructuredLowering.h"

namespace heddle {

// Elementwise.
void addFunctionLowerings(StructuredLoweringTable &table);

// Movement.
void addSliceLowerings(StructuredLoweringTable &table);
void addPadLowerings(StructuredLoweringTable &table);
void addGatherLowerings(StructuredLoweringTable &table);
void addFillLowerings(StructuredLoweringTable &table);
void addResizeLowerings(StructuredLoweringTable &table);
void addSamplingLowerings(StructuredLoweringTable &table);

// Reduction.
void addArgExtremumLowerings(StructuredLoweringTable &table);

// Normalization.
void addSoftmaxLowerings(StructuredLoweringTable &table);
void addRowNormalizationLowerings(StructuredLoweringTable &table);
void addChannelNormalizationLowerings(StructuredLoweringTable &table);
void addGatedLowerings(StructuredLoweringTable &table);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LOWERING_FAMILIES_H
