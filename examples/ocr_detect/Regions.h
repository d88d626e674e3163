// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a map of probabilities to boxes: connected regions above a threshold.

#ifndef HEDDLE_EXAMPLES_OCR_DETECT_REGIONS_H
#define HEDDLE_EXAMPLES_OCR_DETECT_REGIONS_H

#include <span>
#include <vector>

struct Region {
  int x, y, width, height;
  float score; // mean probability of its pixels
};

/// Regions of neighbouring pixels above `threshold` whose score is at least `minScore`, from top to
/// bottom. The network marks the core of a line of text: boxes grow by `grow` times their area over
/// their perimeter.
std::vector<Region> findRegions(std::span<const float> map, int width, int height, float threshold,
                                float minScore, float grow);

#endif // HEDDLE_EXAMPLES_OCR_DETECT_REGIONS_H
