// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feature preparation of the classical-learning domain; numbers only.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {

absl::Status MlArrayFeatureExtractor(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.ArrayFeatureExtractor";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  if (x.rank() < 1) return Invalid(kOp, "a scalar");
  int64_t size = x.dims.back(), lines = Product(x.dims, 0, x.rank() - 1);
  int64_t count = static_cast<int64_t>(indices.size());
  Dims dims = x.dims;
  if (x.rank() == 1) dims = {1, 1};
  dims.back() = count;
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  for (int64_t i = 0; i < count; ++i) {
    if (indices[i] < 0 || indices[i] >= size)
      return OutOfRange(kOp, "index ", indices[i], " of ", size);
    for (int64_t l = 0; l < lines; ++l) {
      std::memcpy(y.data() + (l * count + i) * x.size, x.data + (l * size + indices[i]) * x.size,
                  static_cast<size_t>(x.size));
    }
  }
  return y.Store();
}

absl::Status MlBinarizer(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.Binarizer";
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y,
                          Output<double>::Make(call, kOp, 0, call.operand(0).dims));
  double threshold = call.Float("threshold", 0);
  for (size_t i = 0; i < x.size(); ++i) y[static_cast<int64_t>(i)] = x[i] > threshold ? 1 : 0;
  return y.Store(kOp);
}

absl::Status MlFeatureVectorizer(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.FeatureVectorizer";
  absl::Span<const int64_t> widths = call.Ints("inputdimensions");
  int parts = call.operand_count();
  if (parts == 0 || (!widths.empty() && static_cast<int>(widths.size()) != parts)) {
    return Invalid(kOp, widths.size(), " inputdimensions for ", parts, " operands");
  }
  auto rows_of = [&](int i) { return call.operand(i).rank() == 2 ? call.operand(i).dim(0) : 1; };
  auto columns_of = [&](int i) {
    TensorView v = call.operand(i);
    return v.rank() == 2 ? v.dim(1) : v.count();
  };
  int64_t total = 0, rows = rows_of(0);
  Dims sizes;
  for (int i = 0; i < parts; ++i) {
    if (call.operand(i).rank() > 2 || rows_of(i) != rows) {
      return Invalid(kOp, "operand ", i, " of shape ", ShapeText(call.operand(i).dims));
    }
    // Longer operands are cut, shorter ones filled with zeros.
    sizes.push_back(widths.empty() ? columns_of(i) : widths[i]);
    if (sizes.back() < 0 || __builtin_add_overflow(total, sizes.back(), &total)) {
      return Invalid(kOp, "a width of ", sizes.back());
    }
  }
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, {rows, total}).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<float> y, Output<float>::Make(call, kOp, 0, {rows, total}));
  std::fill(y.values().begin(), y.values().end(), 0.0f);
  int64_t at = 0;
  for (int i = 0; i < parts; ++i) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> x, Load<float>(call, kOp, i));
    int64_t columns = columns_of(i), copied = std::min(columns, sizes[i]);
    for (int64_t r = 0; r < rows && copied > 0; ++r) {
      std::copy_n(x.data() + r * columns, copied, &y.values()[0] + r * total + at);
    }
    at += sizes[i];
  }
  return y.Store(kOp);
}

absl::Status MlImputer(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.Imputer";
  TensorView view = call.operand(0);
  bool whole = view.element_type == ElementType::kInt64 || view.element_type == ElementType::kInt32;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  absl::InlinedVector<double, 8> values;
  for (double v : call.Floats("imputed_value_floats")) values.push_back(v);
  if (whole || values.empty()) {
    for (int64_t v : call.Ints("imputed_value_int64s")) values.push_back(static_cast<double>(v));
  }
  double replaced = whole ? static_cast<double>(call.Int("replaced_value_int64", 0))
                          : call.Float("replaced_value_float", 0);
  int64_t columns = view.rank() > 0 ? view.dim(view.rank() - 1) : 1;
  if (values.size() != 1 && static_cast<int64_t>(values.size()) != columns) {
    return Invalid(kOp, values.size(), " imputed values for ", columns, " features");
  }
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, view.dims));
  for (size_t i = 0; i < x.size(); ++i) {
    bool missing = std::isnan(replaced) ? std::isnan(x[i]) : x[i] == replaced;
    double value = values[values.size() == 1 ? 0 : i % values.size()];
    y[static_cast<int64_t>(i)] = missing ? value : x[i];
  }
  return y.Store(kOp);
}

absl::Status MlNormalizer(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.Normalizer";
  TensorView view = call.operand(0);
  std::string_view norm = call.Text("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2")
    return Invalid(kOp, "there is no norm ", Absl(norm));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, view.dims));
  int64_t columns = view.rank() > 0 ? view.dim(view.rank() - 1) : 1;
  for (int64_t start = 0; columns > 0 && start < view.count(); start += columns) {
    double size = 0;
    for (int64_t i = start; i < start + columns; ++i) {
      double magnitude = std::fabs(x[i]);
      if (norm == "MAX") size = std::max(size, magnitude);
      if (norm == "L1") size += magnitude;
      if (norm == "L2") size += magnitude * magnitude;
    }
    if (norm == "L2") size = std::sqrt(size);
    for (int64_t i = start; i < start + columns; ++i) y[i] = size == 0 ? x[i] : x[i] / size;
  }
  return y.Store(kOp);
}

absl::Status MlOneHotEncoder(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.OneHotEncoder";
  absl::Span<const int64_t> categories = call.Ints("cats_int64s");
  if (categories.empty()) return Unimplemented(kOp, "categories that are no integers");
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> x, Load<int64_t>(call, kOp, 0));
  int64_t depth = static_cast<int64_t>(categories.size());
  Dims dims = ToDims(call.operand(0).dims);
  dims.push_back(depth);
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, dims).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<float> y, Output<float>::Make(call, kOp, 0, dims));
  std::fill(y.values().begin(), y.values().end(), 0.0f);
  bool zeros = call.Int("zeros", 1) != 0;
  std::map<int64_t, int64_t> places;
  for (int64_t i = 0; i < depth; ++i) places[categories[i]] = i;
  for (size_t i = 0; i < x.size(); ++i) {
    auto place = places.find(x[i]);
    if (place != places.end()) {
      y[static_cast<int64_t>(i) * depth + place->second] = 1;
    } else if (!zeros) {
      return Invalid(kOp, x[i], " is no category");
    }
  }
  return y.Store(kOp);
}

absl::Status MlScaler(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.Scaler";
  TensorView view = call.operand(0);
  absl::Span<const double> offset = call.Floats("offset"), scale = call.Floats("scale");
  size_t columns = view.rank() > 0 ? static_cast<size_t>(view.dim(view.rank() - 1)) : 1;
  auto fits = [&](size_t n) { return n <= 1 || n == columns; };
  if (!fits(offset.size()) || !fits(scale.size())) {
    return Invalid(kOp, offset.size(), " offsets and ", scale.size(), " scales for ", columns,
                   " features");
  }
  auto pick = [&](absl::Span<const double> list, size_t i, double fallback) {
    return list.empty() ? fallback : list[list.size() == 1 ? 0 : i % columns];
  };
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, view.dims));
  for (size_t i = 0; i < x.size(); ++i) {
    y[static_cast<int64_t>(i)] = (x[i] - pick(offset, i, 0)) * pick(scale, i, 1);
  }
  return y.Store(kOp);
}

absl::Status MlLabelEncoder(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.LabelEncoder";
  TensorView view = call.operand(0);
  if (view.element_type == ElementType::kString || call.result_type(0) == ElementType::kString) {
    return Unimplemented(kOp, "strings");
  }
  // Numbers of any kind as double: labels beyond 2^53 are not told apart.
  auto list = [&](std::initializer_list<std::string_view> names) {
    std::vector<double> values;
    for (std::string_view name : names) {
      if (!values.empty()) break;
      for (int64_t v : call.Ints(name)) values.push_back(static_cast<double>(v));
      if (!values.empty()) break;
      for (double v : call.Floats(name)) values.push_back(v);
    }
    return values;
  };
  std::vector<double> keys = list({"keys_tensor", "keys_int64s", "keys_floats"});
  std::vector<double> values = list({"values_tensor", "values_int64s", "values_floats"});
  if (keys.size() != values.size()) {
    return Invalid(kOp, keys.size(), " keys and ", values.size(), " values");
  }
  std::vector<double> given = list({"default_tensor"});
  bool whole =
      call.result_type(0) != ElementType::kFloat32 && call.result_type(0) != ElementType::kFloat64;
  double fallback = whole ? static_cast<double>(call.Int("default_int64", -1))
                          : call.Float("default_float", -0.0);
  if (!given.empty()) fallback = given[0];
  // All NaN are one key.
  auto bits = [](double v) {
    return std::isnan(v) ? ~uint64_t{0} : std::bit_cast<uint64_t>(v == 0 ? 0.0 : v);
  };
  std::map<uint64_t, double> table;
  for (size_t i = 0; i < keys.size(); ++i) table.emplace(bits(keys[i]), values[i]);
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, view.dims));
  for (size_t i = 0; i < x.size(); ++i) {
    auto found = table.find(bits(x[i]));
    y[static_cast<int64_t>(i)] = found == table.end() ? fallback : found->second;
  }
  return y.Store(kOp);
}

}  // namespace heddle::library
