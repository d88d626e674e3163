// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of up to three spatial axes as plain loops, and the windows and sizes that tests try.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_PLAINCONVOLUTIONS_H
#define HEDDLE_TESTS_UNIT_CODEGEN_PLAINCONVOLUTIONS_H

#include "compiler/codegen/convolution/Convolution.h"
#include "tests/unit/codegen/KernelHarness.h"

#include <random>

namespace heddle::codegen::plain {

struct Size {
  int64_t n, groups, ic, oc;
  Spatial input;
};

struct Window {
  Spatial window, stride, dilation, before, after;
};

inline GuardedArray<float> randomArray(size_t size, unsigned seed) {
  GuardedArray<float> array(size);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (float &value : array)
    value = uniform(random);
  return array;
}

inline Spatial outputSize(const Size &s, const Window &w) {
  Spatial out;
  for (int i = 0; i < 3; ++i)
    out[i] = (s.input[i] + w.before[i] + w.after[i] - (w.window[i] - 1) * w.dilation[i] - 1) /
                 w.stride[i] +
             1;
  return out;
}

inline Spatial transposedSize(const Size &s, const Window &w) {
  Spatial out;
  for (int i = 0; i < 3; ++i)
    out[i] = (s.input[i] - 1) * w.stride[i] + (w.window[i] - 1) * w.dilation[i] + 1 - w.before[i] -
             w.after[i];
  return out;
}

inline std::vector<double> reference(const Size &s, const Window &w, const GuardedArray<float> &x,
                                     const GuardedArray<float> &f,
                                     const GuardedArray<float> &bias) {
  Spatial out = outputSize(s, w);
  int64_t channels = s.ic / s.groups, outputs = s.oc / s.groups;
  std::vector<double> y;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t oc = 0; oc < s.oc; ++oc)
      for (int64_t od = 0; od < out[0]; ++od)
        for (int64_t oh = 0; oh < out[1]; ++oh)
          for (int64_t ow = 0; ow < out[2]; ++ow) {
            double sum = bias[oc];
            for (int64_t c = 0; c < channels; ++c)
              for (int64_t kd = 0; kd < w.window[0]; ++kd)
                for (int64_t kh = 0; kh < w.window[1]; ++kh)
                  for (int64_t kw = 0; kw < w.window[2]; ++kw) {
                    int64_t d = od * w.stride[0] - w.before[0] + kd * w.dilation[0];
                    int64_t h = oh * w.stride[1] - w.before[1] + kh * w.dilation[1];
                    int64_t v = ow * w.stride[2] - w.before[2] + kw * w.dilation[2];
                    if (d < 0 || h < 0 || v < 0 || d >= s.input[0] || h >= s.input[1] ||
                        v >= s.input[2])
                      continue;
                    int64_t ic = oc / outputs * channels + c;
                    sum +=
                        double(
                            x[(((n * s.ic + ic) * s.input[0] + d) * s.input[1] + h) * s.input[2] +
                              v]) *
                        f[(((oc * channels + c) * w.window[0] + kd) * w.window[1] + kh) *
                              w.window[2] +
                          kw];
                  }
            y.push_back(sum);
          }
  return y;
}

inline const Window kWindows[] = {
    {{1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {{1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 0}, {0, 0, 1}},
    {{1, 7, 7}, {1, 2, 2}, {1, 1, 1}, {0, 3, 3}, {0, 3, 3}},
    {{1, 1, 5}, {1, 1, 1}, {1, 1, 2}, {0, 0, 4}, {0, 0, 4}},
    {{1, 3, 3}, {1, 1, 1}, {1, 2, 3}, {0, 0, 0}, {0, 0, 0}},
    {{1, 1, 1}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {{2, 3, 2}, {2, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}},
};
inline const Size kSizes[] = {{1, 1, 3, 8, {3, 11, 13}},   {2, 1, 17, 33, {1, 9, 7}},
                              {1, 1, 16, 70, {2, 16, 30}}, {1, 3, 6, 9, {1, 20, 65}},
                              {1, 2, 40, 48, {1, 7, 14}},  {1, 1, 1, 1, {1, 8, 115}},
                              {1, 8, 8, 16, {1, 12, 9}}};

// Scatters every input over the outputs; filters are [IC, OC / G, taps].
inline std::vector<double> transposedReference(const Size &s, const Window &w, const Spatial &out,
                                               const GuardedArray<float> &x,
                                               const GuardedArray<float> &f,
                                               const GuardedArray<float> &bias) {
  int64_t channels = s.ic / s.groups, outputs = s.oc / s.groups, plane = out[0] * out[1] * out[2];
  int64_t taps = w.window[0] * w.window[1] * w.window[2];
  std::vector<double> y(s.n * s.oc * plane);
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = bias[i / plane % s.oc];
  size_t at = 0;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t ic = 0; ic < s.ic; ++ic)
      for (int64_t d = 0; d < s.input[0]; ++d)
        for (int64_t h = 0; h < s.input[1]; ++h)
          for (int64_t v = 0; v < s.input[2]; ++v, ++at)
            for (int64_t o = 0; o < outputs; ++o)
              for (int64_t tap = 0; tap < taps; ++tap) {
                int64_t kw = tap % w.window[2], kh = tap / w.window[2] % w.window[1];
                int64_t kd = tap / w.window[2] / w.window[1];
                int64_t od = d * w.stride[0] - w.before[0] + kd * w.dilation[0];
                int64_t oh = h * w.stride[1] - w.before[1] + kh * w.dilation[1];
                int64_t ow = v * w.stride[2] - w.before[2] + kw * w.dilation[2];
                if (od < 0 || oh < 0 || ow < 0 || od >= out[0] || oh >= out[1] || ow >= out[2])
                  continue;
                int64_t oc = ic / channels * outputs + o;
                y[((n * s.oc + oc) * out[0] + od) * out[1] * out[2] + oh * out[2] + ow] +=
                    double(x[at]) * f[(ic * outputs + o) * taps + tap];
              }
  return y;
}

inline const Window kTransposedWindows[] = {
    {{1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {{1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 0, 0}},
    {{1, 4, 4}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {{1, 3, 3}, {1, 1, 1}, {1, 1, 2}, {0, 0, 1}, {0, 2, 0}},
    {{1, 1, 5}, {1, 1, 3}, {1, 1, 2}, {0, 0, 2}, {0, 0, 1}},
    {{2, 2, 3}, {2, 3, 1}, {1, 1, 1}, {1, 0, 0}, {0, 0, 0}},
};

} // namespace heddle::codegen::plain

#endif // HEDDLE_TESTS_UNIT_CODEGEN_PLAINCONVOLUTIONS_H
