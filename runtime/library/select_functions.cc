// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that find places: NonZero, OneHot, ArgMax, ArgMin, Hardmax, NonMaxSuppression.

#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/strided_copy.h"

namespace heddle::library {

absl::Status NonZero(LibraryCall& call) {
  constexpr std::string_view kOp = "NonZero";
  TensorView x = call.operand(0);
  return VisitNumberOrBool(kOp, x.element_type, [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::Type;
    absl::Span<const T> values(static_cast<const T*>(x.data), static_cast<size_t>(x.count()));
    auto nonzero = [](T v) { return ToCompute(v) != 0; };
    int64_t count = std::count_if(values.begin(), values.end(), nonzero);
    // A scalar counts as a vector of one element.
    Dims dims = x.rank() == 0 ? Dims{1} : ToDims(x.dims);
    int rank = static_cast<int>(dims.size());
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y,
                            call.Result(0, ElementType::kInt64, {rank, count}));
    int64_t* to = static_cast<int64_t*>(y.data);
    Dims index(rank, 0);
    int64_t found = 0;
    for (T value : values) {
      if (nonzero(value)) {
        for (int a = 0; a < rank; ++a) to[a * count + found] = index[a];
        ++found;
      }
      NextIndex(dims, absl::MakeSpan(index));
    }
    return absl::OkStatus();
  });
}

absl::Status OneHot(LibraryCall& call) {
  constexpr std::string_view kOp = "OneHot";
  TensorView indices = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int64_t depth, IntScalar(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand values, LoadRaw(call, kOp, 2));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", -1), indices.rank() + 1));
  if (depth < 1 || values.count() != 2) {
    return Invalid(kOp, "depth ", depth, " and ", values.count(), " values");
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> hot, Load<int64_t>(call, kOp, 0));
  Dims dims = ToDims(indices.dims);
  dims.insert(dims.begin() + axis, depth);
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, values.type, dims));
  StridedCopy(dims, values.data, Dims(dims.size(), 0), y.data(), Strides(dims), values.size);
  AxisView view = AroundAxis(dims, axis);
  for (int64_t i = 0; i < static_cast<int64_t>(hot.size()); ++i) {
    int64_t index = hot[i] < 0 ? hot[i] + depth : hot[i];
    if (index < 0 || index >= depth) continue;
    int64_t at = (i / view.inner * depth + index) * view.inner + i % view.inner;
    std::memcpy(y.data() + at * values.size, values.data + values.size,
                static_cast<size_t>(values.size));
  }
  return y.Store();
}

namespace {

absl::Status ArgExtreme(LibraryCall& call, std::string_view op, int sign) {
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(op, call.Int("axis", 0), x.rank()));
  bool last = call.Int("select_last_index", 0) != 0;
  Dims dims = ToDims(x.dims);
  if (call.Int("keepdims", 1) != 0) {
    dims[axis] = 1;
  } else {
    dims.erase(dims.begin() + axis);
  }
  AxisView view = AroundAxis(x.dims, axis);
  if (view.size == 0 && view.outer * view.inner != 0) {
    return Invalid(op, "axis ", axis, " of ", ShapeText(x.dims), " is empty");
  }
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, ElementType::kInt64, dims));
  int64_t* to = static_cast<int64_t*>(y.data);
  return VisitNumber(op, x.element_type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.data);
    for (int64_t line = 0; line < view.outer * view.inner; ++line) {
      const T* start = from + line / view.inner * view.size * view.inner + line % view.inner;
      int64_t best = 0;
      auto best_value = ToCompute(*start);
      for (int64_t i = 1; i < view.size; ++i) {
        auto value = ToCompute(start[i * view.inner]);
        // NaN is the extreme of both.
        int order = IsNan(value) || IsNan(best_value)
                        ? static_cast<int>(IsNan(value)) - static_cast<int>(IsNan(best_value))
                        : sign * Compare(value, best_value);
        if (order > 0 || (last && order == 0)) {
          best = i;
          best_value = value;
        }
      }
      to[line] = best;
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status ArgMax(LibraryCall& call) { return ArgExtreme(call, "ArgMax", 1); }
absl::Status ArgMin(LibraryCall& call) { return ArgExtreme(call, "ArgMin", -1); }

absl::Status Hardmax(LibraryCall& call) {
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis("Hardmax", call.Int("axis", -1), x.rank()));
  AxisView view = AroundAxis(x.dims, axis);
  return VisitCompute("Hardmax", x.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> from, Load<C>(call, "Hardmax", 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, "Hardmax", 0, x.dims));
    std::fill(y.values().begin(), y.values().end(), C{0});
    for (int64_t line = 0; line < view.outer * view.inner && view.size > 0; ++line) {
      int64_t start = line / view.inner * view.size * view.inner + line % view.inner;
      int64_t best = start;
      for (int64_t i = 1; i < view.size; ++i) {
        int64_t at = start + i * view.inner;
        if (Compare(from[at], from[best]) > 0) best = at;
      }
      y[best] = 1;
    }
    return y.Store("Hardmax");
  });
}

namespace {

struct Box {
  float low[2], high[2];
  float area() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};

Box MakeBox(const float* b, bool center) {
  Box box;
  for (int d = 0; d < 2; ++d) {
    box.low[d] = center ? b[d] - b[2 + d] / 2 : std::min(b[d], b[2 + d]);
    box.high[d] = center ? b[d] + b[2 + d] / 2 : std::max(b[d], b[2 + d]);
  }
  return box;
}

bool Overlap(const Box& a, const Box& b, float threshold) {
  float common = 1;
  for (int d = 0; d < 2; ++d) {
    float side = std::min(a.high[d], b.high[d]) - std::max(a.low[d], b.low[d]);
    if (!(side > 0)) return false;
    common *= side;
  }
  float all = a.area() + b.area() - common;
  return a.area() > 0 && b.area() > 0 && all > 0 && common / all > threshold;
}

// The boxes that were chosen, side by side to be compared many at a time.
class ChosenBoxes {
 public:
  void Clear() { count_ = 0; }

  void Add(const Box& box) {
    if (count_ % kBlock == 0) {
      for (int d = 0; d < 2; ++d) {
        low_[d].resize(count_ + kBlock);
        high_[d].resize(count_ + kBlock);
      }
    }
    for (int d = 0; d < 2; ++d) {
      low_[d][count_] = box.low[d];
      high_[d][count_] = box.high[d];
    }
    ++count_;
  }

  // Whether one of them shares more than `threshold` of what both cover.
  bool Cover(const Box& box, float threshold) const {
    for (size_t first = 0; first < count_; first += kBlock) {
      if (!Touch(box, first)) continue;
      for (size_t i = first; i < std::min(first + kBlock, count_); ++i) {
        Box chosen = {{low_[0][i], low_[1][i]}, {high_[0][i], high_[1][i]}};
        if (Overlap(box, chosen, threshold)) return true;
      }
    }
    return false;
  }

 private:
  static constexpr size_t kBlock = 16;

  // Whether the box has a point in common with some of a block: most have none.
  bool Touch(const Box& box, size_t first) const {
    int touching = 0;
    for (size_t i = first; i < first + kBlock; ++i) {
      float rows = std::min(box.high[0], high_[0][i]) - std::max(box.low[0], low_[0][i]);
      float columns = std::min(box.high[1], high_[1][i]) - std::max(box.low[1], low_[1][i]);
      touching |= static_cast<int>(rows > 0) & static_cast<int>(columns > 0);
    }
    return touching != 0;
  }

  size_t count_ = 0;
  std::vector<float> low_[2], high_[2];
};

struct Candidate {
  float score;
  int64_t box;
};

// The order of a heap whose top comes first: the greatest score, of equal ones the first box.
bool ComesLater(const Candidate& a, const Candidate& b) {
  int by_score = Compare(a.score, b.score);
  return by_score != 0 ? by_score < 0 : a.box > b.box;
}

}  // namespace

absl::Status NonMaxSuppression(LibraryCall& call) {
  constexpr std::string_view kOp = "NonMaxSuppression";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 3));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, 3));
  DimSpan boxes_dims = call.operand(0).dims, dims = call.operand(1).dims;
  if (boxes_dims[2] != 4 || boxes_dims[0] != dims[0] || boxes_dims[1] != dims[2]) {
    return Invalid(kOp, "boxes ", ShapeText(boxes_dims), " and scores ", ShapeText(dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> boxes, Load<float>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> scores, Load<float>(call, kOp, 1));
  auto given = [&](int i) { return call.has_operand(i) && call.operand(i).count() > 0; };
  int64_t most = 0;
  double overlap = 0, score = 0;
  if (given(2)) {
    HEDDLE_ASSIGN_OR_RETURN(most, IntScalar(call, kOp, 2));
  }
  if (given(3)) {
    HEDDLE_ASSIGN_OR_RETURN(overlap, FloatScalar(call, kOp, 3));
  }
  if (given(4)) {
    HEDDLE_ASSIGN_OR_RETURN(score, FloatScalar(call, kOp, 4));
  }
  bool center = call.Int("center_point_box", 0) != 0;
  int64_t count = dims[2];
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<Box> corners, Scratch<Box>(call, kOp, {dims[0], count}));
  for (int64_t i = 0; i < dims[0] * count; ++i) corners[i] = MakeBox(&boxes[i * 4], center);
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<Candidate> heap, Scratch<Candidate>(call, kOp, count));
  std::vector<int64_t> selected;
  ChosenBoxes chosen;
  for (int64_t line = 0; line < dims[0] * dims[1] && count > 0 && most > 0; ++line) {
    const float* line_scores = scores.data() + line * count;
    const Box* line_boxes = corners.data() + line / dims[1] * count;
    auto end = heap.begin();
    for (int64_t i = 0; i < count; ++i) {
      if (!given(4) || line_scores[i] > static_cast<float>(score)) *end++ = {line_scores[i], i};
    }
    // A heap, as most candidates are never asked for.
    std::make_heap(heap.begin(), end, ComesLater);
    size_t first = selected.size();
    chosen.Clear();
    while (end != heap.begin() && static_cast<int64_t>((selected.size() - first) / 3) < most) {
      std::pop_heap(heap.begin(), end, ComesLater);
      int64_t box = (--end)->box;
      if (chosen.Cover(line_boxes[box], static_cast<float>(overlap))) continue;
      chosen.Add(line_boxes[box]);
      selected.insert(selected.end(), {line / dims[1], line % dims[1], box});
    }
  }
  HEDDLE_ASSIGN_OR_RETURN(
      MutableTensorView y,
      call.Result(0, ElementType::kInt64, {static_cast<int64_t>(selected.size() / 3), 3}));
  std::copy(selected.begin(), selected.end(), static_cast<int64_t*>(y.data));
  return absl::OkStatus();
}

}  // namespace heddle::library
