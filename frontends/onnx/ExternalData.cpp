// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ExternalData.h"

#include "frontends/onnx/onnx_model.pb.h"

#include <charconv>
#include <filesystem>
#include <system_error>

namespace heddle {

namespace fs = std::filesystem;

// A tensor may share its bytes with another one, but a model that reads the same file over and over
// would take any amount of memory.
static constexpr int64_t mostReadsOfAByte = 8;

static bool parseCount(const std::string &text, int64_t &value) {
  const char *end = text.data() + text.size();
  std::from_chars_result result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && value >= 0;
}

absl::StatusOr<ExternalRange> externalRange(const onnx_model::TensorProto &tensor) {
  ExternalRange range;
  for (const onnx_model::StringPair &entry : tensor.external_data()) {
    if (entry.key() == "location")
      range.location = entry.value();
    else if (entry.key() == "offset" && !parseCount(entry.value(), range.offset))
      return absl::InvalidArgumentError("its external data has the offset '" + entry.value() + "'");
    else if (entry.key() == "length" && !parseCount(entry.value(), range.length))
      return absl::InvalidArgumentError("its external data has the length '" + entry.value() + "'");
  }
  if (range.location.empty())
    return absl::InvalidArgumentError("its external data names no location");
  return range;
}

static bool isInside(const fs::path &file, const fs::path &folder) {
  auto [rest, unused] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return rest == folder.end();
}

absl::StatusOr<ExternalData::File *> ExternalData::find(const std::string &location) {
  auto known = files.find(location);
  if (known != files.end())
    return &known->second;
  if (folder.empty())
    return absl::InvalidArgumentError("its data lies in the file '" + location +
                                      "', but the model was not read from a folder");
  if (location.find('\0') != std::string::npos)
    return absl::InvalidArgumentError("its external data has a location with a zero byte");
  fs::path relative(location);
  if (relative.is_absolute() || !isInside((fs::path("/m") / relative).lexically_normal(), "/m"))
    return absl::InvalidArgumentError("its external data location '" + location +
                                      "' leaves the model's folder");
  std::error_code error;
  fs::path root = fs::canonical(folder, error);
  if (error)
    return absl::InvalidArgumentError("cannot resolve the folder " + folder + ": " +
                                      error.message());
  fs::path resolved = fs::canonical(root / relative, error);
  if (error)
    return absl::NotFoundError("its data file " + (fs::path(folder) / relative).string() +
                               " cannot be found (" + error.message() +
                               "); it belongs beside the model");
  if (!isInside(resolved, root))
    return absl::InvalidArgumentError("its external data location '" + location +
                                      "' leads out of the model's folder through a link");
  absl::StatusOr<OpenFile> file = OpenFile::open(resolved.string());
  if (!file.ok())
    return file.status();
  return &files.emplace(location, File{std::move(*file), 0}).first->second;
}

absl::Status ExternalData::read(const ExternalRange &range, int64_t count, std::string &out) {
  if (range.length >= 0 && range.length != count)
    return absl::InvalidArgumentError("it needs " + std::to_string(count) +
                                      " bytes, but its external data has the length " +
                                      std::to_string(range.length));
  absl::StatusOr<File *> found = find(range.location);
  if (!found.ok())
    return found.status();
  File &entry = **found;
  int64_t size = entry.file.size();
  if (range.offset > size || count > size - range.offset)
    return absl::InvalidArgumentError("its " + std::to_string(count) + " bytes at " +
                                      std::to_string(range.offset) + " lie outside '" +
                                      range.location + "', which has " + std::to_string(size));
  if (count > mostReadsOfAByte * size - entry.bytesRead)
    return absl::InvalidArgumentError("too many tensors share the bytes of '" + range.location +
                                      "'");
  entry.bytesRead += count;
  out.resize(static_cast<size_t>(count));
  return entry.file.read(range.offset, out.data(), count);
}

} // namespace heddle
