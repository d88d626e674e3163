// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Image.h"

#include <png.h>

#include <cstring>

namespace {

// Seven rows of five squares for each letter, the leftmost in the highest of five bits.
struct Glyph {
  char letter;
  uint8_t rows[7];
};
constexpr Glyph font[] = {
    {'A', {14, 17, 17, 31, 17, 17, 17}}, {'B', {30, 17, 17, 30, 17, 17, 30}},
    {'C', {15, 16, 16, 16, 16, 16, 15}}, {'D', {30, 17, 17, 17, 17, 17, 30}},
    {'E', {31, 16, 16, 30, 16, 16, 31}}, {'F', {31, 16, 16, 30, 16, 16, 16}},
    {'G', {15, 16, 16, 19, 17, 17, 15}}, {'H', {17, 17, 17, 31, 17, 17, 17}},
    {'I', {14, 4, 4, 4, 4, 4, 14}},      {'J', {7, 2, 2, 2, 2, 18, 12}},
    {'K', {17, 18, 20, 24, 20, 18, 17}}, {'L', {16, 16, 16, 16, 16, 16, 31}},
    {'M', {17, 27, 21, 21, 17, 17, 17}}, {'N', {17, 25, 21, 21, 19, 17, 17}},
    {'O', {14, 17, 17, 17, 17, 17, 14}}, {'P', {30, 17, 17, 30, 16, 16, 16}},
    {'Q', {14, 17, 17, 17, 21, 18, 13}}, {'R', {30, 17, 17, 30, 20, 18, 17}},
    {'S', {15, 16, 16, 14, 1, 1, 30}},   {'T', {31, 4, 4, 4, 4, 4, 4}},
    {'U', {17, 17, 17, 17, 17, 17, 14}}, {'V', {17, 17, 17, 17, 17, 10, 4}},
    {'W', {17, 17, 17, 21, 21, 27, 17}}, {'X', {17, 17, 10, 4, 10, 17, 17}},
    {'Y', {17, 17, 10, 4, 4, 4, 4}},     {'Z', {31, 1, 2, 4, 8, 16, 31}},
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 6, 8, 16, 31}},    {'3', {30, 1, 1, 14, 1, 1, 30}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {14, 16, 16, 30, 17, 17, 14}}, {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 1, 14}},
};

} // namespace

Image::Image(int width, int height, Colour colour)
    : width(width), height(height), pixels(3 * static_cast<size_t>(width) * height) {
  fill(0, 0, width, height, colour);
}

void Image::set(int x, int y, Colour colour) {
  if (x >= 0 && y >= 0 && x < width && y < height)
    std::memcpy(at(x, y), colour.data(), colour.size());
}

void Image::fill(int x, int y, int w, int h, Colour colour) {
  for (int j = y; j < y + h; ++j)
    for (int i = x; i < x + w; ++i)
      set(i, j, colour);
}

void Image::frame(int x, int y, int w, int h, int thickness, Colour colour) {
  fill(x, y, w, thickness, colour);
  fill(x, y + h - thickness, w, thickness, colour);
  fill(x, y, thickness, h, colour);
  fill(x + w - thickness, y, thickness, h, colour);
}

int Image::text(int x, int y, const std::string &text, int scale, Colour colour) {
  int begin = x;
  for (char letter : text) {
    for (const Glyph &glyph : font)
      if (glyph.letter == letter)
        for (int row = 0; row < 7; ++row)
          for (int column = 0; column < 5; ++column)
            if (glyph.rows[row] >> (4 - column) & 1)
              fill(x + column * scale, y + row * scale, scale, scale, colour);
    x += 6 * scale;
  }
  return x - scale - begin;
}

bool readPng(const std::string &path, Image &image) {
  png_image file = {};
  file.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&file, path.c_str()))
    return false;
  file.format = PNG_FORMAT_RGB;
  image = Image(static_cast<int>(file.width), static_cast<int>(file.height), {255, 255, 255});
  png_color white = {255, 255, 255};
  return png_image_finish_read(&file, &white, image.pixels.data(), 0, nullptr);
}

bool writePng(const std::string &path, const Image &image) {
  png_image file = {};
  file.version = PNG_IMAGE_VERSION;
  file.width = static_cast<png_uint_32>(image.width);
  file.height = static_cast<png_uint_32>(image.height);
  file.format = PNG_FORMAT_RGB;
  return png_image_write_to_file(&file, path.c_str(), 0, image.pixels.data(), 0, nullptr);
}

Image resized(const Image &image, int width, int height) {
  Image result(width, height, {0, 0, 0});
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const uint8_t *from = image.at(static_cast<int>(int64_t(x) * image.width / width),
                                     static_cast<int>(int64_t(y) * image.height / height));
      result.set(x, y, {from[0], from[1], from[2]});
    }
  return result;
}
