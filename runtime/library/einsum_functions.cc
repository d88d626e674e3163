// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum for any number of operands, and Det.

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "absl/strings/str_split.h"
#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

constexpr std::string_view kOp = "Einsum";

// Labels of axes: letters, and 256 + i for axis i of the ellipsis, counted from its right end.
using Labels = absl::InlinedVector<int, 8>;

struct Equation {
  std::vector<Labels> operands;
  Labels result, summed;
  std::map<int, int64_t> sizes;
};

// The labels of one term; `rank` resolves the ellipsis (-1 in the result, `wide` axes).
absl::StatusOr<Labels> ParseTerm(absl::string_view term, int rank, int wide) {
  Labels labels;
  int letters = 0;
  bool ellipsis = false;
  for (char c : term) letters += std::isalpha(static_cast<unsigned char>(c)) ? 1 : 0;
  for (size_t i = 0; i < term.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(term[i]))) {
      labels.push_back(static_cast<unsigned char>(term[i]));
    } else if (term.substr(i, 3) == "..." && !ellipsis) {
      ellipsis = true;
      int axes = rank < 0 ? wide : rank - letters;
      for (int a = axes - 1; a >= 0; --a) labels.push_back(256 + a);
      i += 2;
    } else {
      return Invalid(kOp, "cannot read \"", term, "\"");
    }
  }
  if (rank >= 0 && static_cast<int>(labels.size()) != rank) {
    return Invalid(kOp, "\"", term, "\" names ", labels.size(), " axes of ", rank);
  }
  return labels;
}

absl::StatusOr<Equation> ParseEquation(const LibraryCall& call) {
  std::string text;
  for (char c : call.Text("equation", "")) {
    if (c != ' ') text += c;
  }
  std::vector<std::string> sides = absl::StrSplit(text, "->");
  std::vector<std::string> terms = absl::StrSplit(sides[0], ',');
  if (sides.size() > 2 || static_cast<int>(terms.size()) != call.operand_count()) {
    return Invalid(kOp, "\"", text, "\" for ", call.operand_count(), " operands");
  }
  Equation e;
  std::map<int, int> seen;
  int wide = 0;
  for (int i = 0; i < call.operand_count(); ++i) {
    TensorView x = call.operand(i);
    HEDDLE_ASSIGN_OR_RETURN(Labels labels, ParseTerm(terms[i], x.rank(), 0));
    for (int a = 0; a < x.rank(); ++a) {
      int64_t& size = e.sizes.emplace(labels[a], 1).first->second;
      if (size != x.dim(a) && size != 1 && x.dim(a) != 1) {
        return Invalid(kOp, "an axis of ", x.dim(a), " meets one of ", size, " in \"", text, "\"");
      }
      if (x.dim(a) != 1) size = x.dim(a);
      ++seen[labels[a]];
      if (labels[a] >= 256) wide = std::max(wide, labels[a] - 255);
    }
    e.operands.push_back(labels);
  }
  if (sides.size() == 2) {
    HEDDLE_ASSIGN_OR_RETURN(e.result, ParseTerm(sides[1], -1, wide));
  } else {
    for (int a = wide - 1; a >= 0; --a) e.result.push_back(256 + a);
    for (auto [label, count] : seen) {
      if (label < 256 && count == 1) e.result.push_back(label);
    }
  }
  for (size_t i = 0; i < e.result.size(); ++i) {
    if (seen.count(e.result[i]) == 0 ||
        std::count(e.result.begin(), e.result.end(), e.result[i]) != 1) {
      return Invalid(kOp, "the result of \"", text, "\"");
    }
  }
  for (auto [label, size] : e.sizes) {
    if (std::find(e.result.begin(), e.result.end(), label) == e.result.end())
      e.summed.push_back(label);
  }
  return e;
}

// How far operand `x` moves per step of each label.
Dims LabelStrides(const TensorView& x, const Labels& labels, const Labels& wanted) {
  Dims strides = Strides(x.dims), result;
  for (int label : wanted) {
    int64_t step = 0;
    for (int a = 0; a < x.rank(); ++a) {
      if (labels[a] == label && x.dim(a) != 1) step += strides[a];
    }
    result.push_back(step);
  }
  return result;
}

Dims LabelSizes(const Equation& e, const Labels& labels) {
  Dims sizes;
  for (int label : labels) sizes.push_back(e.sizes.at(label));
  return sizes;
}

template <typename C>
absl::Status Contract(LibraryCall& call, const Equation& e) {
  int count = call.operand_count();
  Dims dims = LabelSizes(e, e.result), inner = LabelSizes(e, e.summed);
  std::vector<const C*> data(count);
  std::vector<Dims> steps, inner_steps;
  for (int i = 0; i < count; ++i) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, i));
    data[i] = x.data();
    steps.push_back(LabelStrides(call.operand(i), e.operands[i], e.result));
    inner_steps.push_back(LabelStrides(call.operand(i), e.operands[i], e.summed));
  }
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, inner).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  Dims index(dims.size(), 0);
  std::vector<const C*> at(count);
  for (C& to : y.values()) {
    for (int i = 0; i < count; ++i) {
      at[i] = data[i];
      for (size_t a = 0; a < dims.size(); ++a) at[i] += index[a] * steps[i][a];
    }
    C sum = 0;
    if (count == 1) {
      ForEachIndex<1>(inner, {inner_steps[0]},
                      [&](const std::array<int64_t, 1>& o) { sum = Add(sum, at[0][o[0]]); });
    } else if (count == 2) {
      ForEachIndex<2>(inner, {inner_steps[0], inner_steps[1]},
                      [&](const std::array<int64_t, 2>& o) {
                        sum = Add(sum, Multiply(at[0][o[0]], at[1][o[1]]));
                      });
    } else {
      Dims k(inner.size(), 0);
      bool more = Product(inner) > 0;
      while (more) {
        C product = 1;
        for (int i = 0; i < count; ++i) {
          int64_t offset = 0;
          for (size_t a = 0; a < inner.size(); ++a) offset += k[a] * inner_steps[i][a];
          product = Multiply(product, at[i][offset]);
        }
        sum = Add(sum, product);
        more = NextIndex(inner, absl::MakeSpan(k));
      }
    }
    to = sum;
    NextIndex(dims, absl::MakeSpan(index));
  }
  return y.Store(kOp);
}

}  // namespace

absl::Status Einsum(LibraryCall& call) {
  if (call.operand_count() == 0) return Invalid(kOp, "no operands");
  HEDDLE_ASSIGN_OR_RETURN(Equation e, ParseEquation(call));
  switch (call.operand(0).element_type) {
    case ElementType::kFloat32:
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
      return Contract<float>(call, e);
    case ElementType::kFloat64:
      return Contract<double>(call, e);
    default:
      return Contract<int64_t>(call, e);
  }
}

absl::Status Det(LibraryCall& call) {
  TensorView view = call.operand(0);
  int rank = view.rank();
  if (rank < 2 || view.dim(rank - 1) != view.dim(rank - 2)) {
    return Invalid("Det", "shape ", ShapeText(view.dims), " is no square matrix");
  }
  int64_t n = view.dim(rank - 1);
  return VisitCompute("Det", view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, "Det", 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y,
                            Output<C>::Make(call, "Det", 0, view.dims.subspan(0, rank - 2)));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> m, Scratch<double>(call, "Det", {n, n}));
    for (size_t i = 0; i < y.values().size(); ++i) {
      std::copy_n(x.data() + static_cast<int64_t>(i) * n * n, n * n, m.data());
      double product = 1;
      for (int64_t c = 0; c < n; ++c) {  // elimination with the largest pivot
        int64_t pivot = c;
        for (int64_t r = c + 1; r < n; ++r) {
          if (std::fabs(m[r * n + c]) > std::fabs(m[pivot * n + c])) pivot = r;
        }
        if (pivot != c) {
          std::swap_ranges(&m[c * n], &m[c * n] + n, &m[pivot * n]);
          product = -product;
        }
        double head = m[c * n + c];
        product *= head;
        if (head == 0) break;
        for (int64_t r = c + 1; r < n; ++r) {
          double factor = m[r * n + c] / head;
          for (int64_t k = c; k < n; ++k) m[r * n + k] -= factor * m[c * n + k];
        }
      }
      y[static_cast<int64_t>(i)] = static_cast<C>(product);
    }
    return y.Store("Det");
  });
}

}  // namespace heddle::library
