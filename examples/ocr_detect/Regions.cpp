// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Regions.h"

#include <algorithm>
#include <utility>

std::vector<Region> findRegions(std::span<const float> map, int width, int height, float threshold,
                                float minScore, float grow) {
  std::vector<Region> regions;
  std::vector<bool> seen(map.size());
  std::vector<int> stack;
  for (int start = 0; start < width * height; ++start) {
    if (seen[start] || map[start] <= threshold)
      continue;
    int left = width, right = 0, top = height, bottom = 0, count = 0;
    double sum = 0;
    seen[start] = true;
    stack.assign(1, start);
    while (!stack.empty()) {
      int pixel = stack.back(), x = pixel % width, y = pixel / width;
      stack.pop_back();
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
      sum += map[pixel];
      ++count;
      for (auto [dx, dy] : {std::pair(1, 0), {-1, 0}, {0, 1}, {0, -1}}) {
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height)
          continue;
        int next = pixel + dy * width + dx;
        if (!seen[next] && map[next] > threshold) {
          seen[next] = true;
          stack.push_back(next);
        }
      }
    }
    int w = right - left, h = bottom - top;
    auto score = static_cast<float>(sum / count);
    if (score < minScore || w < 10 || h < 5)
      continue;
    int margin =
        static_cast<int>(grow * static_cast<float>(w * h) / static_cast<float>(2 * (w + h)));
    int x = std::max(0, left - margin), y = std::max(0, top - margin);
    regions.push_back(
        {x, y, std::min(width, right + margin) - x, std::min(height, bottom + margin) - y, score});
  }
  std::sort(regions.begin(), regions.end(), [](const Region &a, const Region &b) {
    return std::pair(a.y, a.x) < std::pair(b.y, b.x);
  });
  return regions;
}
