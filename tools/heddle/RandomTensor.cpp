// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/RandomTensor.h"

#include "runtime/library/number_formats.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace heddle::cli {

namespace {

/// SplitMix64's output function: a good hash of a counter.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t streamOf(uint64_t seed, const std::string &name) {
  uint64_t hash = mix(seed);
  for (char c : name)
    hash = mix(hash ^ static_cast<unsigned char>(c));
  return hash;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

template <typename T, typename Make>
void fill(HostTensor &tensor, int64_t count, const Make &make) {
  for (int64_t i = 0; i < count; ++i) {
    T value = make(i);
    std::memcpy(tensor.bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
}

} // namespace

absl::Status fillRandom(HostTensor &tensor, uint64_t seed, int64_t bound) {
  auto count = countTensorElements(tensor.dims);
  auto bytes = countBytes(tensor.type, tensor.dims);
  if (!count || !bytes || *bytes > (int64_t(1) << 40))
    return absl::InvalidArgumentError("input '" + tensor.name + "' of shape " +
                                      dimsText(tensor.dims) + " is too large");
  tensor.bytes.resize(*bytes);
  uint64_t stream = streamOf(seed, tensor.name);
  std::string name = lower(tensor.name);
  bool mask = contains(name, "mask");
  bool rate = name == "sr" || contains(name, "sample_rate") || contains(name, "sampling_rate");
  auto real = [&](int64_t i) {
    return mask ? 1.0f : static_cast<float>(mix(stream + i) >> 40) * 0x1p-23f - 1.0f;
  };
  auto integer = [&](int64_t i) -> int64_t {
    if (mask || rate)
      return mask ? 1 : 16000;
    return static_cast<int64_t>((mix(stream + i) >> 1) % bound);
  };
  auto fillAs = [&]<typename T>() {
    if constexpr (std::is_integral_v<T>)
      fill<T>(tensor, *count, [&](int64_t i) { return static_cast<T>(integer(i)); });
    else
      fill<T>(tensor, *count, [&](int64_t i) { return static_cast<T>(real(i)); });
  };
  switch (tensor.type) {
  case ElementType::kBool:
    bound = 2;
    [[fallthrough]];
  case ElementType::kUint8:
    bound = std::min<int64_t>(bound, 256);
    fillAs.template operator()<uint8_t>();
    break;
  case ElementType::kInt8:
    bound = std::min<int64_t>(bound, 128);
    fillAs.template operator()<int8_t>();
    break;
  case ElementType::kInt16:
  case ElementType::kUint16:
    bound = std::min<int64_t>(bound, 32768);
    fillAs.template operator()<int16_t>();
    break;
  case ElementType::kInt32:
  case ElementType::kUint32:
    fillAs.template operator()<int32_t>();
    break;
  case ElementType::kInt64:
  case ElementType::kUint64:
    fillAs.template operator()<int64_t>();
    break;
  case ElementType::kFloat16:
    fillAs.template operator()<library::Float16>();
    break;
  case ElementType::kBFloat16:
    fillAs.template operator()<library::BFloat16>();
    break;
  case ElementType::kFloat32:
    fillAs.template operator()<float>();
    break;
  case ElementType::kFloat64:
    fillAs.template operator()<double>();
    break;
  case ElementType::kComplex64:
  case ElementType::kComplex128:
    *count *= 2;
    if (tensor.type == ElementType::kComplex64)
      fillAs.template operator()<float>();
    else
      fillAs.template operator()<double>();
    break;
  case ElementType::kUndefined:
  case ElementType::kString:
    return absl::UnimplementedError("input '" + tensor.name + "': there are no random tensors of " +
                                    std::string(ElementTypeName(tensor.type)));
  default:
    // 4 and 8 bits: the small codes are small numbers in all of these formats.
    for (int64_t i = 0; i < *bytes; ++i)
      tensor.bytes[i] = static_cast<char>(mix(stream + i) & 0x11);
  }
  return absl::OkStatus();
}

int64_t integerBound(const Model &model, int input) {
  constexpr int64_t everywhere = 2, most = int64_t(1) << 31;
  const ProgramGraph &graph = model.program().graphs[0];
  auto constantDim = [&](const ProgramValue &value, size_t axis) -> int64_t {
    const program::Expr &expr = graph.exprs[value.dims[axis]];
    return expr.kind() == program::ExprKind::kConstant ? expr.lhs() : 0;
  };
  // Values that hold the input's numbers, perhaps in another shape or type.
  std::set<uint32_t> same{graph.inputs[input]};
  int64_t bound = most;
  auto isSame = [&](uint32_t value) {
    while (graph.values[value].storage == program::Storage::kView && !same.count(value))
      value = graph.values[value].view_of;
    return same.count(value) != 0;
  };
  auto runs = [&](const ProgramTask &task, const char *op, const char *inKernel) {
    if (task.kind != program::TaskKind::kKernel)
      return task.op == op;
    // A kernel's name lists the operators fused into it.
    return contains(std::string(model.program().kernels[task.kernel]), inKernel);
  };
  for (const ProgramTask &task : graph.tasks) {
    if (std::none_of(task.operands.begin(), task.operands.end(), isSame))
      continue;
    if (runs(task, "Gather", "gather")) {
      int64_t axis = task.Int("axis", 0);
      for (uint32_t operand : task.operands) {
        const ProgramValue &table = graph.values[operand];
        if (table.storage == program::Storage::kConstant && table.rank() >= 1 && axis >= 0 &&
            axis < table.rank())
          if (int64_t size = constantDim(table, axis))
            bound = std::min(bound, size);
      }
    } else if (task.op == "Cast" || task.op == "Reshape" || task.op == "Unsqueeze" ||
               task.op == "Squeeze" || task.op == "Identity" || task.op == "Transpose" ||
               task.op == "Slice" || task.op == "Concat" || task.op == "Expand")
      same.insert(task.results.begin(), task.results.end());
  }
  return bound == most ? everywhere : bound;
}

int64_t guessSize(const TensorSignature &input, size_t axis) {
  std::string symbol = lower(input.dims[axis].symbol);
  if (contains(symbol, "batch"))
    return 1;
  // An empty cache agrees with any length of what is new.
  if (contains(symbol, "past"))
    return 0;
  if (axis == 0)
    return 1;
  // [layers, ?, width] is the state of a recurrent network, and the batch in the middle.
  if (input.dims.size() == 3 && axis == 1 && input.dims[0].size >= 0 && input.dims[2].size >= 0)
    return 1;
  if (input.dims.size() == 4 && axis >= 2)
    return 224; // an image's height or width, as a multiple of the usual strides
  if (input.dims.size() == 2 && input.element_type == ElementType::kFloat32)
    return 512; // samples of sound
  return 16;
}

} // namespace heddle::cli
