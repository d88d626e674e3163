// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/NpyFile.h"

#include "frontends/onnx/FileBytes.h"
#include "runtime/support/whole_file.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace heddle {

namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr size_t mostDims = 64;

struct NpyType {
  std::string_view code; // without the byte order
  ElementType type;
};

constexpr NpyType npyTypes[] = {
    {"b1", ElementType::kBool},      {"i1", ElementType::kInt8},
    {"u1", ElementType::kUint8},     {"i2", ElementType::kInt16},
    {"u2", ElementType::kUint16},    {"i4", ElementType::kInt32},
    {"u4", ElementType::kUint32},    {"i8", ElementType::kInt64},
    {"u8", ElementType::kUint64},    {"f2", ElementType::kFloat16},
    {"f4", ElementType::kFloat32},   {"f8", ElementType::kFloat64},
    {"c8", ElementType::kComplex64}, {"c16", ElementType::kComplex128},
};

/// What a header says.
struct Header {
  std::string_view descr;
  bool hasDescr = false, hasOrder = false, hasShape = false;
  bool fortran = false;
  std::vector<int64_t> dims;
};

/// Reads the header, a Python dictionary of three entries, from left to right.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  /// False where the text is anything else than such a dictionary.
  bool parse(Header &header) {
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string_view key;
      if (!takeString(key) || !take(':') || !parseEntry(key, header))
        return false;
      if (!take(',') && peek() != '}')
        return false;
    }
    skipSpace();
    return text.empty() && header.hasDescr && header.hasOrder && header.hasShape;
  }

private:
  bool parseEntry(std::string_view key, Header &header) {
    if (key == "descr")
      return header.hasDescr = takeString(header.descr);
    if (key == "fortran_order") {
      header.fortran = takeWord("True");
      return header.hasOrder = header.fortran || takeWord("False");
    }
    return key == "shape" && (header.hasShape = parseShape(header.dims));
  }

  bool parseShape(std::vector<int64_t> &dims) {
    dims.clear();
    if (!take('('))
      return false;
    while (!take(')')) {
      skipSpace();
      int64_t dim;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
      if (error != std::errc() || dims.size() == mostDims)
        return false;
      text.remove_prefix(static_cast<size_t>(end - text.data()));
      takeWord("L"); // Python 2 wrote long integers so
      dims.push_back(dim);
      if (!take(',') && peek() != ')')
        return false;
    }
    return true;
  }

  void skipSpace() {
    while (!text.empty() &&
           (text[0] == ' ' || text[0] == '\n' || text[0] == '\t' || text[0] == '\r'))
      text.remove_prefix(1);
  }
  char peek() {
    skipSpace();
    return text.empty() ? '\0' : text[0];
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    text.remove_prefix(1);
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (text.substr(0, word.size()) != word)
      return false;
    text.remove_prefix(word.size());
    return true;
  }
  bool takeString(std::string_view &value) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = text.find(quote, 1);
    if (end == std::string_view::npos)
      return false;
    value = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return true;
  }

  std::string_view text;
};

absl::Status invalid(const std::string &name, const std::string &message) {
  return absl::InvalidArgumentError(name + ": " + message);
}

/// Finds header and data; the header's text ends where the data starts.
absl::Status splitFile(std::string_view bytes, const std::string &name, std::string_view &header,
                       std::string_view &data) {
  if (!isNpy(bytes) || bytes.size() < 10)
    return invalid(name, "not an .npy file");
  int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3)
    return invalid(name, "its .npy version " + std::to_string(major) + " is not one of 1, 2, 3");
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + lengthBytes)
    return invalid(name, "the file ends inside its header");
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, lengthBytes);
  std::string_view rest = bytes.substr(8 + lengthBytes);
  if (rest.size() < length)
    return invalid(name, "the file ends inside its header");
  header = rest.substr(0, length);
  data = rest.substr(length);
  return absl::OkStatus();
}

/// Copies elements of `width` bytes from Fortran to C order.
std::string toCOrder(std::string_view data, const std::vector<int64_t> &dims, size_t width) {
  std::string out(data.size(), '\0');
  size_t rank = dims.size();
  std::vector<size_t> strides(rank, width); // of the source
  for (size_t axis = 1; axis < rank; ++axis)
    strides[axis] = strides[axis - 1] * static_cast<size_t>(dims[axis - 1]);
  std::vector<int64_t> index(rank, 0);
  size_t from = 0;
  for (size_t to = 0; to < out.size(); to += width) {
    std::memcpy(out.data() + to, data.data() + from, width);
    for (size_t axis = rank; axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < dims[axis])
        break;
      from -= strides[axis] * static_cast<size_t>(dims[axis]);
      index[axis] = 0;
    }
  }
  return out;
}

} // namespace

bool isNpy(std::string_view bytes) { return bytes.substr(0, magic.size()) == magic; }

bool npyHolds(ElementType type) {
  return std::any_of(std::begin(npyTypes), std::end(npyTypes),
                     [&](const NpyType &row) { return row.type == type; });
}

absl::StatusOr<HostTensor> parseNpy(std::string_view bytes, const std::string &name) {
  std::string_view text, data;
  absl::Status status = splitFile(bytes, name, text, data);
  if (!status.ok())
    return status;
  Header header;
  if (!HeaderParser(text).parse(header))
    return invalid(name, "its .npy header cannot be read");
  HostTensor tensor;
  char order = header.descr.empty() ? '\0' : header.descr[0];
  for (const NpyType &row : npyTypes)
    if (!header.descr.empty() && header.descr.substr(1) == row.code)
      tensor.type = row.type;
  if (tensor.type == ElementType::kUndefined ||
      std::string_view("<>|=").find(order) == std::string_view::npos)
    return absl::UnimplementedError(name + ": element type '" + std::string(header.descr) +
                                    "' is not supported");
  tensor.dims = std::move(header.dims);
  std::optional<int64_t> needed = countBytes(tensor.type, tensor.dims);
  if (!needed)
    return invalid(name, "its dimensions " + dimsText(tensor.dims) + " are negative or overflow");
  if (static_cast<int64_t>(data.size()) != *needed)
    return invalid(name, "its dimensions " + dimsText(tensor.dims) + " need " +
                             std::to_string(*needed) + " bytes, but the file holds " +
                             std::to_string(data.size()));
  size_t width = static_cast<size_t>(elementBitsOf(tensor.type)) / 8;
  if (header.fortran && tensor.dims.size() > 1)
    tensor.bytes = toCOrder(data, tensor.dims, width);
  else
    tensor.bytes.assign(data);
  bool isComplex =
      tensor.type == ElementType::kComplex64 || tensor.type == ElementType::kComplex128;
  size_t part = isComplex ? width / 2 : width;
  if (order == '>' && part > 1)
    for (size_t i = 0; i + part <= tensor.bytes.size(); i += part)
      std::reverse(tensor.bytes.begin() + static_cast<ptrdiff_t>(i),
                   tensor.bytes.begin() + static_cast<ptrdiff_t>(i + part));
  if (tensor.type == ElementType::kBool)
    for (char &byte : tensor.bytes)
      byte = byte != 0;
  return tensor;
}

absl::StatusOr<HostTensor> readNpyFile(const std::string &path) {
  absl::StatusOr<MappedFile> file = MappedFile::map(path);
  if (!file.ok())
    return file.status();
  return parseNpy(file->bytes(), path);
}

absl::Status writeNpyFile(const std::string &path, const HostTensor &tensor) {
  const NpyType *row = std::find_if(std::begin(npyTypes), std::end(npyTypes),
                                    [&](const NpyType &r) { return r.type == tensor.type; });
  if (row == std::end(npyTypes))
    return invalid(path, ".npy has no such element type; write .pb");
  std::optional<int64_t> needed = countBytes(tensor.type, tensor.dims);
  if (!needed || static_cast<int64_t>(tensor.bytes.size()) != *needed)
    return invalid(path, "the tensor's bytes do not fit its dimensions");
  std::string header = "{'descr': '";
  header += elementBitsOf(tensor.type) == 8 ? '|' : '<';
  header += std::string(row->code) + "', 'fortran_order': False, 'shape': (";
  for (size_t axis = 0; axis < tensor.dims.size(); ++axis)
    header += (axis ? " " : "") + std::to_string(tensor.dims[axis]) + ",";
  if (tensor.dims.size() > 1)
    header.pop_back();
  header += "), }";
  // The data starts at a multiple of 64, and the header ends with a line feed.
  size_t prefix = header.size() > 65000 ? 12 : 10;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  std::string head(magic);
  head += prefix == 10 ? std::string("\x01\x00", 2) : std::string("\x02\x00", 2);
  uint32_t length = static_cast<uint32_t>(header.size());
  head.append(reinterpret_cast<const char *>(&length), prefix - 8);
  return WriteWholeFile(path, {head, header, tensor.bytes});
}

} // namespace heddle
