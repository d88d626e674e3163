// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nanoseconds of a pass over a sequence by a kernel of a recurrence, on one core. A step waits for the
// one before along what it carries, keeps the core busy with its operations, and moves what it reads
// and writes; the longest of these is what it takes. Measured with benchmarks/scan_forms.py.

#ifndef HEDDLE_COMPILER_KERNELS_RECURRENCECOST_H
#define HEDDLE_COMPILER_KERNELS_RECURRENCECOST_H

#include "mlir/IR/Region.h"

namespace heddle {

/// How many of `count` vectors of lanes a grid point takes, so that there are as many points as parts.
int64_t vectorsTogether(int64_t count, int64_t parts);

class StepCost {
public:
  /// Of a region whose first arguments are carried and become what it yields; `kept` says of these
  /// whether they are written in each step. Totals follow their products (TotalsInRange.cpp).
  StepCost(mlir::Region &step, unsigned carried, llvm::ArrayRef<bool> kept, bool isTotal);

  /// Of a step whose lanes are neighbouring points, for so many vectors of them, in a pass over so many
  /// steps.
  double ofPoints(double vectors, double length) const;
  /// Of a step of as many chunks as a vector has lanes, for all points.
  double ofChunks() const;
  /// Whether a pass over so many steps is more than caches hold, so that cores wait for the same memory.
  bool isBeyondCaches(double length) const;

private:
  double bytes(double length) const;

  double points = 1;
  double latency = 0;          // until the next step can begin
  double single = 0, wide = 0; // to issue, of what is the same for all lanes, and for a vector
  double elements = 0;         // to issue, for a vector for each element
  double accesses = 0;         // vectors of points read and written
  double slots = 0, read = 0;  // vectors of chunks read and written, and read
  double accessedBytes = 0;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_RECURRENCECOST_H
