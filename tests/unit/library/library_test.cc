// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the conformance cases do not cover: refusals of bad sizes and indices, packed types.

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/library/fake_call.h"

namespace heddle {
namespace {

using enum ElementType;
using ::testing::HasSubstr;

FakeTensor Floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return FakeTensor(kFloat32, std::move(dims), values);
}
FakeTensor Longs(std::vector<int64_t> dims, const std::vector<int64_t>& values) {
  return FakeTensor(kInt64, std::move(dims), values);
}

TEST(Library, RefusesIndicesOutOfRange) {
  FakeCall call;
  call.operands = {Floats({3}, {1, 2, 3}), Longs({2}, {0, 3})};
  call.result_types = {kFloat32};
  absl::Status status = call.Run("Gather");
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(), "Gather: index 3 is not in [-3, 2]");
}

TEST(Library, RefusesSizesThatOverflow) {
  FakeCall call;
  call.operands = {Floats({2, 1}, {1, 2}), Longs({2}, {int64_t{1} << 62, int64_t{1} << 62})};
  call.result_types = {kFloat32};
  EXPECT_FALSE(call.Run("Tile").ok());
  call.operands[1] = Longs({2}, {INT64_MIN, -1});
  EXPECT_FALSE(call.Run("Reshape").ok());
}

TEST(Library, SliceTakesAnyBounds) {
  FakeCall call;
  call.operands = {Floats({4}, {1, 2, 3, 4}), Longs({1}, {INT64_MAX}), Longs({1}, {INT64_MIN}),
                   Longs({1}, {0}), Longs({1}, {-2})};
  call.result_types = {kFloat32};
  ASSERT_TRUE(call.Run("Slice").ok());
  EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{4, 2}));
  call.operands[4] = Longs({1}, {INT64_MIN});
  ASSERT_TRUE(call.Run("Slice").ok());
  EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{4}));
}

TEST(Library, SliceBackwardsStartsAtTheFirstOrLater) {
  FakeCall call;
  call.operands = {Floats({2}, {1, 2}), Longs({1}, {-3}), Longs({1}, {-9}), Longs({1}, {0}),
                   Longs({1}, {-1})};
  call.result_types = {kFloat32};
  ASSERT_TRUE(call.Run("Slice").ok());
  EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{1}));
  call.operands[0] = Floats({0}, {});
  ASSERT_TRUE(call.Run("Slice").ok());
  EXPECT_TRUE(call.results[0].values<float>().empty());
}

TEST(Library, NonZeroTakesAScalarAsAVector) {
  FakeCall call;
  call.operands = {FakeTensor(kFloat32, {}, std::vector<float>{2})};
  call.result_types = {kInt64};
  ASSERT_TRUE(call.Run("NonZero").ok());
  EXPECT_EQ(call.results[0].dims, (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(call.results[0].values<int64_t>(), (std::vector<int64_t>{0}));
}

TEST(Library, MovesPackedElements) {
  FakeCall call;
  // 1 2 3 4 5 as uint4, two in a byte.
  call.operands = {FakeTensor(kUint4, {1, 5}, std::vector<uint8_t>{0x21, 0x43, 0x05})};
  call.operands.push_back(Longs({1}, {-1}));
  call.operands.push_back(Longs({1}, {-100}));
  call.operands.push_back(Longs({1}, {1}));
  call.operands.push_back(Longs({1}, {-1}));
  call.result_types = {kUint4};
  ASSERT_TRUE(call.Run("Slice").ok());
  EXPECT_EQ(call.results[0].bytes, (std::vector<uint8_t>{0x45, 0x23, 0x01}));
}

TEST(Library, PadRefusesPadsThatOnlyCancelOut) {
  FakeCall call;
  call.operands = {Floats({4}, {1, 2, 3, 4}), Longs({2}, {INT64_MIN, INT64_MAX})};
  call.result_types = {kFloat32};
  EXPECT_FALSE(call.Run("Pad").ok());
}

TEST(Library, LeavesOutResultsThatNobodyWants) {
  FakeCall call;
  call.operands = {Floats({3}, {3, 1, 2}), Longs({1}, {2})};
  call.result_types = {kFloat32, kInt64};
  call.wanted = {false, true};
  ASSERT_TRUE(call.Run("TopK").ok());
  EXPECT_EQ(call.results[1].values<int64_t>(), (std::vector<int64_t>{0, 2}));
  FakeCall quantize;
  quantize.operands = {Floats({2}, {-1, 1})};
  quantize.result_types = {kUint8, kFloat32, kUint8};
  quantize.wanted = {false, true, false};
  ASSERT_TRUE(quantize.Run("DynamicQuantizeLinear").ok());
  EXPECT_FLOAT_EQ(quantize.results[1].values<float>()[0], 2.0f / 255);
}

TEST(Library, SuppressionTakesEqualScoresInTheirOrder) {
  // The second box covers the first one, the third and fourth are apart.
  FakeCall call;
  call.operands = {Floats({1, 4, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 5, 5, 6, 6, 8, 8, 9, 9}),
                   Floats({1, 1, 4}, {0.5f, 0.5f, 0.5f, 0.7f}),
                   FakeTensor(kInt64, {}, std::vector<int64_t>{3}), Floats({}, {0.5f})};
  call.result_types = {kInt64};
  ASSERT_TRUE(call.Run("NonMaxSuppression").ok());
  EXPECT_EQ(call.results[0].values<int64_t>(), (std::vector<int64_t>{0, 0, 3, 0, 0, 0, 0, 0, 2}));
}

TEST(Library, SuppressionComparesWithAllThatItChose) {
  // Twenty boxes apart from each other, then each again, a little smaller and with less score. The
  // second class has but one.
  FakeCall call;
  std::vector<float> boxes, scores, others(40, 0);
  std::vector<int64_t> wanted;
  for (int64_t i = 0; i < 40; ++i) {
    float at = 2 * static_cast<float>(i % 20), size = i < 20 ? 1 : 0.9f;
    boxes.insert(boxes.end(), {at, at, at + size, at + size});
    scores.push_back(1 - static_cast<float>(i) / 64);
    if (i < 20) wanted.insert(wanted.end(), {0, 0, i});
  }
  others[30] = 1;
  scores.insert(scores.end(), others.begin(), others.end());
  wanted.insert(wanted.end(), {0, 1, 30});
  call.operands = {Floats({1, 40, 4}, boxes), Floats({1, 2, 40}, scores),
                   FakeTensor(kInt64, {}, std::vector<int64_t>{40}), Floats({}, {0.5f}),
                   Floats({}, {0.1f})};
  call.result_types = {kInt64};
  ASSERT_TRUE(call.Run("NonMaxSuppression").ok());
  EXPECT_EQ(call.results[0].values<int64_t>(), wanted);
}

TEST(Library, RegionsAverageTheirSamples) {
  // The image is 10 y + x, which interpolation keeps; the second region lies outside.
  FakeCall call;
  std::vector<float> image;
  for (int i = 0; i < 42; ++i) image.push_back(static_cast<float>(10 * (i / 7) + i % 7));
  call.operands = {Floats({1, 1, 6, 7}, image), Floats({2, 4}, {1, 2, 5, 4, -8, -8, -2, -2}),
                   Longs({2}, {0, 0})};
  call.ints_of_one = {{"output_height", 2}, {"output_width", 2}, {"sampling_ratio", 4}};
  call.texts["coordinate_transformation_mode"] = "output_half_pixel";
  call.result_types = {kFloat32};
  ASSERT_TRUE(call.Run("RoiAlign").ok());
  EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{27, 29, 37, 39, 0, 0, 0, 0}));
  call.texts["mode"] = "max";
  call.ints_of_one["sampling_ratio"] = 1;
  ASSERT_TRUE(call.Run("RoiAlign").ok());
  // One sample a cell, at 2.5 and 3.5 by 2 and 4: half of each of two rows.
  EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{16, 17, 21, 22, 0, 0, 0, 0}));
}

TEST(Library, RegionsOutsideOfAnImageDoNotReadIt) {
  FakeCall call;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  call.operands = {Floats({1, 1, 2, 2}, {kInfinity, kInfinity, kInfinity, 1}),
                   Floats({2, 4}, {0, -9, 1, -7, -9, 0, -7, 1}), Longs({2}, {0, 0})};
  call.ints_of_one = {{"sampling_ratio", 2}};
  call.result_types = {kFloat32};
  for (const char* mode : {"avg", "max"}) {
    call.texts["mode"] = mode;
    ASSERT_TRUE(call.Run("RoiAlign").ok());
    EXPECT_EQ(call.results[0].values<float>(), (std::vector<float>{0, 0})) << mode;
  }
}

TEST(Library, RegionsTakeNoMoreSamplesThanThereIsRoomFor) {
  // The result is empty, however many cells its regions have.
  FakeCall call;
  call.operands = {Floats({1, 0, 6, 7}, {}), Floats({1, 4}, {1, 2, 5, 4}), Longs({1}, {0})};
  call.ints_of_one = {{"output_height", int64_t{1} << 40}, {"output_width", 2}};
  call.result_types = {kFloat32};
  EXPECT_EQ(call.Run("RoiAlign").code(), absl::StatusCode::kOutOfRange);
}

TEST(Library, ResizeInterpolatesBothAxes) {
  FakeCall call;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  call.operands = {Floats({1, 1, 2, 3}, {0, 2, kInfinity, 4, 6, 8}), Floats({0}, {}),
                   Floats({4}, {1, 1, 2, 2})};
  call.texts["mode"] = "linear";
  call.texts["coordinate_transformation_mode"] = "asymmetric";
  call.result_types = {kFloat32};
  ASSERT_TRUE(call.Run("Resize").ok());
  EXPECT_EQ(call.results[0].dims, (std::vector<int64_t>{1, 1, 4, 6}));
  EXPECT_EQ(call.results[0].values<float>(),
            (std::vector<float>{0, 1, 2, kInfinity, kInfinity, kInfinity,  //
                                2, 3, 4, kInfinity, kInfinity, kInfinity,  //
                                4, 5, 6, 7,         8,         8,          //
                                4, 5, 6, 7,         8,         8}));
}

TEST(Library, ConvTransposeRefusesNegativeResults) {
  FakeCall call;
  call.operands = {Floats({1, 1, 2}, {1, 2}), Floats({1, 1, 2}, {1, 1})};
  call.ints["output_shape"] = {INT64_MIN};
  call.result_types = {kFloat32};
  EXPECT_EQ(call.Run("ConvTranspose").code(), absl::StatusCode::kInvalidArgument);
}

// Operands of no elements, however large some of their dimensions are.
FakeTensor Empty(std::vector<int64_t> dims) {
  return FakeTensor(kFloat32, std::move(dims), std::vector<float>{});
}

TEST(Library, RefusesHeadsWithoutEnd) {
  for (int64_t heads : {int64_t{1} << 62, int64_t{1} << 20}) {
    FakeCall linear;
    linear.operands = {Empty({1, 1, 0}), Empty({1, 1, 0}), Empty({1, 1, 0})};
    linear.texts["update_rule"] = "linear";
    linear.ints_of_one["q_num_heads"] = linear.ints_of_one["kv_num_heads"] = heads;
    linear.result_types = {kFloat32, kFloat32};
    EXPECT_EQ(linear.Run("LinearAttention").code(), absl::StatusCode::kInvalidArgument);
    FakeCall attention;
    attention.operands = linear.operands;
    attention.ints_of_one = linear.ints_of_one;
    attention.result_types = {kFloat32};
    EXPECT_EQ(attention.Run("Attention").code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(Library, RefusesProductsThatOverflow) {
  FakeCall depth;
  depth.operands = {Empty({1, int64_t{1} << 40, int64_t{1} << 44, 0})};
  depth.ints_of_one["blocksize"] = int64_t{1} << 20;
  depth.result_types = {kFloat32};
  EXPECT_THAT(depth.Run("DepthToSpace").ToString(), HasSubstr("too many elements"));
  depth.operands = {Empty({1, int64_t{1} << 40, 0, 0})};
  EXPECT_THAT(depth.Run("SpaceToDepth").ToString(), HasSubstr("too many elements"));
  FakeCall vectors;
  vectors.operands = {Empty({0, int64_t{1} << 60})};
  vectors.ints_of_one["n_supports"] = 16;
  vectors.floats["coefficients"] = std::vector<double>(16, 1.0);
  vectors.floats["rho"] = {0};
  vectors.result_types = {kFloat32};
  EXPECT_EQ(vectors.Run("ml.SVMRegressor").code(), absl::StatusCode::kInvalidArgument);
  FakeCall recurrence;
  recurrence.operands = {Empty({1, int64_t{1} << 50, 0}), Empty({1, 0, 0}), Empty({1, 0, 0})};
  recurrence.result_types = {kFloat32};
  EXPECT_EQ(recurrence.Run("RNN").code(), absl::StatusCode::kInvalidArgument);
}

// What a damaged artifact may declare: no function writes 8 bytes where there is room for one.
TEST(Library, RefusesResultsOfAnotherType) {
  FakeTensor image = Floats({1, 1, 2, 2}, {4, 3, 2, 1});
  FakeTensor boxes = Floats({1, 1, 4}, {0, 0, 1, 1}), score = Floats({1, 1, 1}, {1});
  struct Case {
    std::string function;
    std::vector<FakeTensor> operands;
    std::vector<ElementType> declared;  // the last one is wrong
  };
  const std::vector<Case> cases = {
      {"NonZero", {image}, {kBool}},
      {"ArgMax", {image}, {kBool}},
      {"ArgMin", {image}, {kInt32}},
      {"Shape", {image}, {kBool}},
      {"Size", {image}, {kBool}},
      {"TopK", {image, Longs({1}, {1})}, {kFloat32, kBool}},
      {"TopK", {image, Longs({1}, {1})}, {kBool}},
      {"Unique", {image}, {kFloat32, kBool}},
      {"MaxPool", {image}, {kFloat32, kBool}},
      {"MaxPool", {image}, {kBool}},
      {"NonMaxSuppression", {boxes, score, Longs({1}, {1})}, {kBool}},
      {"ReduceSum", {image}, {kBool}},
      {"CumSum", {image, Longs({1}, {0})}, {kBool}},
      {"DynamicQuantizeLinear", {image}, {kUint8, kUint8}},
      {"Dropout", {image}, {kFloat32, kInt4}},
      {"Transpose", {image}, {kBool}},
      {"Identity", {image}, {kInt32}},
      {"heddle.Append", {image, image}, {kBool}},
      {"heddle.Truncate", {image, Longs({1}, {1})}, {kBool}},
  };
  for (const Case& test : cases) {
    FakeCall call;
    call.operands = test.operands;
    call.result_types = test.declared;
    call.ints["kernel_shape"] = {1, 1};
    EXPECT_THAT(call.Run(test.function).ToString(), HasSubstr("is to have elements of type"))
        << test.function;
  }
}

TEST(Library, UnknownNamesHaveNoFunction) {
  EXPECT_EQ(FindLibraryFunction("Add"), nullptr);
  EXPECT_EQ(FindLibraryFunction(""), nullptr);
  EXPECT_NE(FindLibraryFunction("ml.TreeEnsemble"), nullptr);
}

}  // namespace
}  // namespace heddle
