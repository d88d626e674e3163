// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A picture of 8-bit red, green and blue, with what the example needs: to be drawn on, read and
// written.

#ifndef HEDDLE_EXAMPLES_OCR_DETECT_IMAGE_H
#define HEDDLE_EXAMPLES_OCR_DETECT_IMAGE_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using Colour = std::array<uint8_t, 3>;

struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels; // rows from the top, three bytes a pixel

  Image() = default;
  Image(int width, int height, Colour colour);

  uint8_t *at(int x, int y) { return &pixels[3 * (static_cast<size_t>(y) * width + x)]; }
  const uint8_t *at(int x, int y) const {
    return &pixels[3 * (static_cast<size_t>(y) * width + x)];
  }
  void set(int x, int y, Colour colour); // nothing outside the picture
  void fill(int x, int y, int w, int h, Colour colour);
  void frame(int x, int y, int w, int h, int thickness, Colour colour);
  /// Capitals, digits and blanks in a font of 5 by 7 squares, each `scale` pixels wide. Returns
  /// the text's width.
  int text(int x, int y, const std::string &text, int scale, Colour colour);
};

/// False where the file cannot be read or written as PNG.
bool readPng(const std::string &path, Image &image);
bool writePng(const std::string &path, const Image &image);

/// The nearest pixel of the old picture for each of the new one.
Image resized(const Image &image, int width, int height);

#endif // HEDDLE_EXAMPLES_OCR_DETECT_IMAGE_H
