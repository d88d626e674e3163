// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/library/model_case.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "runtime/library/buffers.h"
#include "tests/unit/library/wire_format.h"

namespace heddle {
namespace {

ElementType FromOnnx(int64_t type) {
  using enum ElementType;
  static constexpr ElementType kTypes[] = {
      kUndefined,      kFloat32,    kUint8,          kInt8,       kUint16,   kInt16,
      kInt32,          kInt64,      kString,         kBool,       kFloat16,  kFloat64,
      kUint32,         kUint64,     kComplex64,      kComplex128, kBFloat16, kFloat8E4M3FN,
      kFloat8E4M3FNUZ, kFloat8E5M2, kFloat8E5M2FNUZ, kUint4,      kInt4,     kFloat4E2M1};
  return type >= 0 && type < 24 ? kTypes[type] : kUndefined;
}

bool ParseTensor(std::string_view text, FakeTensor& tensor) {
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<int64_t> numbers;
  std::string_view raw;
  bool fine = ForEachField(text, [&](const Field& f) {
    if (f.number == 1) Append(f, false, tensor.dims);
    if (f.number == 2) tensor.type = FromOnnx(static_cast<int64_t>(f.value));
    if (f.number == 4) Append(f, true, floats);
    if (f.number == 5 || f.number == 7 || f.number == 11) Append(f, false, numbers);
    if (f.number == 10) Append(f, true, doubles);
    if (f.number == 9) raw = f.bytes;
  });
  int bits = ElementBits(tensor.type);
  if (!fine || bits == 0) return false;
  int64_t count = 1;
  for (int64_t d : tensor.dims) count *= d;
  tensor.bytes.assign(ElementBytes(tensor.type, count), 0);
  auto copy = [&](const void* from, size_t bytes) {
    std::memcpy(tensor.bytes.data(), from, std::min(bytes, tensor.bytes.size()));
    return bytes == tensor.bytes.size();
  };
  if (count == 0) return true;
  if (!raw.empty()) return copy(raw.data(), raw.size());
  if (!floats.empty()) return copy(floats.data(), floats.size() * 4);
  if (!doubles.empty()) return copy(doubles.data(), doubles.size() * 8);
  int64_t unit = bits < 8 ? 1 : bits / 8;
  if (static_cast<int64_t>(numbers.size()) * unit != static_cast<int64_t>(tensor.bytes.size())) {
    return false;
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::memcpy(&tensor.bytes[i * unit], &numbers[i], unit);
  }
  return true;
}

void ParseAttribute(std::string_view text, ModelCase& model) {
  std::string name;
  int64_t type = 0, integer = 0;
  float number = 0;
  std::string_view string, tensor;
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::string strings;
  ForEachField(text, [&](const Field& f) {
    if (f.number == 1) name = std::string(f.bytes);
    if (f.number == 2) std::memcpy(&number, &f.value, 4);
    if (f.number == 3) integer = static_cast<int64_t>(f.value);
    if (f.number == 4) string = f.bytes;
    if (f.number == 5) tensor = f.bytes;
    if (f.number == 7) Append(f, true, floats);
    if (f.number == 8) Append(f, false, ints);
    if (f.number == 9) strings += (strings.empty() ? "" : ",") + std::string(f.bytes);
    if (f.number == 20) type = static_cast<int64_t>(f.value);
  });
  switch (type) {
    case 1:
      model.call.floats_of_one[name] = number;
      break;
    case 2:
      model.call.ints_of_one[name] = integer;
      break;
    case 3:
      model.call.texts[name] = std::string(string);
      break;
    case 4: {
      FakeTensor t;
      if (!ParseTensor(tensor, t)) {
        model.skipped = "an attribute of another type of tensor";
        break;
      }
      int64_t count = 1;
      for (int64_t d : t.dims) count *= d;
      std::vector<double> wide(count);
      library::ReadNumbers(t.type, t.bytes.data(), 0, count, wide.data());
      std::vector<int64_t> whole(count);
      library::ReadNumbers(t.type, t.bytes.data(), 0, count, whole.data());
      bool floating = t.type == ElementType::kFloat32 || t.type == ElementType::kFloat64 ||
                      t.type == ElementType::kFloat16;
      if (floating) {
        model.call.floats[name] = wide;
      } else {
        model.call.ints[name] = whole;
      }
      break;
    }
    case 6:
      model.call.floats[name] = std::vector<double>(floats.begin(), floats.end());
      break;
    case 7:
      model.call.ints[name] = ints;
      break;
    case 8:
      model.call.texts[name] = strings;
      break;
    default:
      model.skipped = "has a sub-graph";
      break;
  }
}

std::string ValueName(std::string_view text, ElementType& type) {
  std::string name;
  ForEachField(text, [&](const Field& f) {
    if (f.number == 1) name = std::string(f.bytes);
    if (f.number != 2) return;
    ForEachField(f.bytes, [&](const Field& t) {
      if (t.number != 1) return;
      ForEachField(t.bytes, [&](const Field& e) {
        if (e.number == 1) type = FromOnnx(static_cast<int64_t>(e.value));
      });
    });
  });
  return name;
}

}  // namespace

std::string CaseFolder() {
  const char* root = std::getenv("HEDDLE_CONFORMANCE");
  std::string folder =
      root != nullptr ? absl::StrCat(root, "/node") : "/usr/share/libonnx-testdata/data/node";
  return std::filesystem::is_directory(folder) ? folder : "";
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool ReadOperands(const std::string& data, ModelCase& model) {
  std::map<std::string, FakeTensor> values;
  for (size_t i = 0; i < model.graph_inputs.size(); ++i) {
    std::string file = absl::StrCat(data, "/input_", i, ".pb");
    if (!ReadTensor(ReadFile(file), values[model.graph_inputs[i]])) return false;
  }
  model.call.operands.clear();
  for (const std::string& name : model.operand_names) {
    model.call.operands.push_back(name.empty() ? FakeTensor() : values[name]);
  }
  return true;
}

bool ReadTensor(const std::string& text, FakeTensor& tensor) { return ParseTensor(text, tensor); }

void ReadModelCase(const std::string& text, ModelCase& model) {
  std::string_view graph, node;
  std::map<std::string, int64_t> opsets;
  bool fine = ForEachField(text, [&](const Field& f) {
    if (f.number == 7) graph = f.bytes;
    if (f.number != 8) return;
    std::string domain;
    int64_t version = 0;
    ForEachField(f.bytes, [&](const Field& o) {
      if (o.number == 1) domain = std::string(o.bytes);
      if (o.number == 2) version = static_cast<int64_t>(o.value);
    });
    opsets[domain] = version;
  });
  int nodes = 0;
  std::map<std::string, ElementType> types;
  fine = fine && ForEachField(graph, [&](const Field& f) {
           if (f.number == 1) {
             node = f.bytes;
             ++nodes;
           }
           if (f.number == 11 || f.number == 12) {
             ElementType type = ElementType::kUndefined;
             std::string name = ValueName(f.bytes, type);
             if (type == ElementType::kUndefined) model.skipped = "a value of another type";
             (f.number == 11 ? model.graph_inputs : model.graph_outputs).push_back(name);
             types[name] = type;
           }
           if (f.number == 5) model.skipped = "has initializers";
         });
  if (!fine) model.skipped = "unreadable";
  if (nodes != 1) model.skipped = "more nodes than one";
  std::string domain;
  ForEachField(node, [&](const Field& f) {
    if (f.number == 1) model.operand_names.emplace_back(f.bytes);
    if (f.number == 2) model.result_names.emplace_back(f.bytes);
    if (f.number == 4) model.op = std::string(f.bytes);
    if (f.number == 7) domain = std::string(f.bytes);
    if (f.number == 5) ParseAttribute(f.bytes, model);
  });
  model.opset = opsets[domain];
  if (domain == "ai.onnx.ml") model.op = "ml." + model.op;
  if (domain == "ai.onnx.preview" || domain == "ai.onnx.preview.training")
    model.skipped = "preview";
  for (const std::string& name : model.result_names) {
    model.call.wanted.push_back(!name.empty());
    model.call.result_types.push_back(types[name]);
  }
}

bool SameTensor(const FakeTensor& actual, const FakeTensor& expected, bool shape_only,
                std::string& why) {
  if (actual.type != expected.type || actual.dims != expected.dims) {
    why = absl::StrCat("shape [", absl::StrJoin(actual.dims, ","), "] of type ",
                       static_cast<int>(actual.type), " instead of [",
                       absl::StrJoin(expected.dims, ","), "] of type ",
                       static_cast<int>(expected.type));
    return false;
  }
  if (shape_only) return true;
  if (actual.type == ElementType::kComplex64 || actual.type == ElementType::kComplex128) {
    return actual.bytes == expected.bytes;
  }
  int64_t count = 1;
  for (int64_t d : actual.dims) count *= d;
  std::vector<double> a(count), e(count);
  library::ReadNumbers(actual.type, actual.bytes.data(), 0, count, a.data());
  library::ReadNumbers(expected.type, expected.bytes.data(), 0, count, e.data());
  bool floating = actual.type >= ElementType::kFloat16 && actual.type <= ElementType::kFloat64;
  double relative = !floating ? 0 : actual.type <= ElementType::kBFloat16 ? 8e-3 : 1e-3;
  // The noise of a sum is relative to what was summed.
  double largest = 1;
  for (double v : e) largest = std::isfinite(v) ? std::max(largest, std::fabs(v)) : largest;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(a[i]) && std::isnan(e[i])) continue;
    if (a[i] == e[i]) continue;
    double allowed = floating ? 1e-7 * largest + relative * std::fabs(e[i]) : 0;
    // As ONNX's runner: the half types and quantised results may differ by rounding.
    if (actual.type == ElementType::kFloat16 || actual.type == ElementType::kBFloat16)
      allowed += 1e-3;
    if (std::fabs(a[i] - e[i]) <= allowed) continue;
    why = absl::StrCat("element ", i, " is ", a[i], " instead of ", e[i]);
    return false;
  }
  return true;
}

}  // namespace heddle
