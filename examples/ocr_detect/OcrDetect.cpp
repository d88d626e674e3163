// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds lines of text in a picture with a compiled text detection network (PP-OCR's), through
// Heddle's C++ API, and draws boxes around them.
//
//   ocr_detect MODEL.heddle OUTPUT.png [PICTURE.png] [--threads N] [--size W H]
//
// Without a picture it draws one.

#include "Image.h"
#include "Regions.h"

#include <heddle/heddle.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace heddle::api;

namespace {

struct Options {
  std::string model, output, picture;
  int threads = 0, width = 640, height = 640;
};

bool parse(int argc, char **argv, Options &options) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--threads") && i + 1 < argc)
      options.threads = std::atoi(argv[++i]);
    else if (!std::strcmp(argv[i], "--size") && i + 2 < argc) {
      options.width = std::atoi(argv[++i]);
      options.height = std::atoi(argv[++i]);
    } else
      files.push_back(argv[i]);
  }
  if (files.size() < 2 || files.size() > 3)
    return false;
  options.model = files[0];
  options.output = files[1];
  options.picture = files.size() > 2 ? files[2] : "";
  // The network halves the picture five times.
  return options.width > 0 && options.height > 0 && options.width % 32 == 0 &&
         options.height % 32 == 0;
}

/// A sign with some lines of text.
Image drawSign(int width, int height) {
  Image image(width, height, {236, 232, 220});
  auto y = [&](double part) { return static_cast<int>(part * height); };
  int left = width / 12;
  image.fill(0, 0, width, y(0.2), {34, 62, 92});
  image.text(left, y(0.07), "HEDDLE", std::max(1, width / 100), {250, 250, 250});
  image.text(left, y(0.30), "THREADS IN A LOOM", std::max(1, width / 200), {30, 30, 30});
  image.text(left, y(0.44), "PART THE WARP 2026", std::max(1, width / 215), {150, 30, 30});
  image.fill(left, y(0.58), width - 2 * left, y(0.14), {255, 255, 255});
  image.text(left + 12, y(0.62), "OPEN 9 TO 17", std::max(1, width / 160), {20, 90, 40});
  image.text(left, y(0.83), "QUIET ZONE", std::max(1, width / 130), {60, 60, 70});
  return image;
}

/// Blue, green and red planes, as the network was trained, each normalised.
std::vector<float> planes(const Image &image) {
  constexpr float mean[] = {0.485f, 0.456f, 0.406f}, deviation[] = {0.229f, 0.224f, 0.225f};
  size_t count = static_cast<size_t>(image.width) * image.height;
  std::vector<float> result(3 * count);
  for (size_t i = 0; i < count; ++i)
    for (int c = 0; c < 3; ++c)
      result[c * count + i] = (image.pixels[3 * i + 2 - c] / 255.0f - mean[c]) / deviation[c];
  return result;
}

int fail(const std::string &message) {
  std::fprintf(stderr, "ocr_detect: %s\n", message.c_str());
  return 1;
}

double msSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

int run(const Options &options) {
  Image picture = drawSign(options.width, options.height);
  if (!options.picture.empty()) {
    if (!readPng(options.picture, picture))
      return fail(options.picture + ": cannot be read as PNG");
    picture = resized(picture, options.width, options.height);
  }
  auto begin = std::chrono::steady_clock::now();
  Result<Model> model = Model::Load(options.model);
  if (!model)
    return fail(model.error().message());
  Result<Session> session = model->MakeSession({.threads = options.threads});
  if (!session)
    return fail(session.error().message());
  double loadMs = msSince(begin);

  std::vector<float> pixels = planes(picture);
  if (Error e = session->SetInput(0, Tensor<float>(pixels, {1, 3, options.height, options.width})))
    return fail(e.message());
  std::vector<double> times;
  for (int i = 0; i < 6; ++i) {
    begin = std::chrono::steady_clock::now();
    if (Error e = session->Run())
      return fail(e.message());
    times.push_back(msSince(begin));
  }
  double firstMs = times[0];
  std::sort(times.begin() + 1, times.end());

  Result<TensorView> output = session->Output(0);
  if (!output)
    return fail(output.error().message());
  std::span<const float> map = output->elements<float>();
  if (map.size() != static_cast<size_t>(options.width) * options.height)
    return fail("the model gives no map of the picture's size: is it a text detection network?");
  std::vector<Region> regions = findRegions(map, options.width, options.height, 0.3f, 0.5f, 1.6f);

  HeddleModelInfo info = {};
  info.struct_size = sizeof info;
  Result<HeddleStatistics> statistics = session->Statistics();
  if (Error e{heddle_model_info(model->handle(), &info)}; e || !statistics)
    return fail(e ? e.message() : statistics.error().message());
  std::printf("loaded    %.1f ms; %llu tasks, %llu kernels, %.1f MB of weights, for %s\n", loadMs,
              (unsigned long long)info.tasks, (unsigned long long)info.kernels,
              static_cast<double>(info.weight_bytes) / 1e6, info.target_cpu);
  std::printf("ran       %dx%d in %.1f ms on %d threads (median of %zu; the first run %.1f ms)\n",
              options.width, options.height, times[1 + (times.size() - 1) / 2], statistics->threads,
              times.size() - 1, firstMs);
  std::printf("memory    %.1f MB for intermediate values\n",
              static_cast<double>(statistics->arena_bytes) / 1e6);
  std::printf("found     %zu lines of text\n", regions.size());
  for (const Region &region : regions) {
    std::printf("          %3d x %-3d at (%d, %d), score %.2f\n", region.width, region.height,
                region.x, region.y, region.score);
    picture.frame(region.x, region.y, region.width, region.height, 3, {230, 30, 120});
  }
  if (!writePng(options.output, picture))
    return fail(options.output + ": cannot be written");
  std::printf("picture   %s\n", options.output.c_str());
  return regions.empty() ? fail("no text was found") : 0;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: ocr_detect MODEL.heddle OUTPUT.png [PICTURE.png] [--threads N] "
                         "[--size W H] (multiples of 32)\n");
    return 2;
  }
  return run(options);
}
