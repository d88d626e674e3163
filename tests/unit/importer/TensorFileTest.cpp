// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor files and .npy files: round trips, every way a message can hold data, malformed input.

#include "frontends/onnx/TensorFile.h"
#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/FileBytes.h"
#include "frontends/onnx/NpyFile.h"
#include "frontends/onnx/TensorData.h"
#include "frontends/onnx/onnx_model.pb.h"

#include "gtest/gtest.h"

#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace fs = std::filesystem;

namespace heddle {
namespace {

struct TensorFiles : ::testing::Test {
  TensorFiles()
      : folder(fs::temp_directory_path() / ("heddle_tensors_" + std::to_string(getpid()))) {
    fs::create_directories(folder);
  }
  ~TensorFiles() override { fs::remove_all(folder); }
  std::string path(const char *name) { return (folder / name).string(); }
  fs::path folder;
};

template <typename T> std::string bytesOf(std::vector<T> values) {
  return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}

TEST_F(TensorFiles, RoundTripsEveryType) {
  for (int i = 1; i < kElementTypeCount; ++i) {
    auto type = static_cast<ElementType>(i);
    if (type == ElementType::kString)
      continue;
    HostTensor tensor{"name", type, {3, 5}, {}};
    tensor.bytes.resize(static_cast<size_t>(*countBytes(type, tensor.dims)));
    for (size_t b = 0; b < tensor.bytes.size(); ++b)
      tensor.bytes[b] = type == ElementType::kBool ? b % 2 : static_cast<char>(b);
    ASSERT_TRUE(writeTensorFile(path("t.pb"), tensor).ok()) << i;
    auto read = readTensorFile(path("t.pb"));
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->name, "name");
    EXPECT_EQ(read->type, type);
    EXPECT_EQ(read->dims, tensor.dims);
    EXPECT_EQ(read->bytes, tensor.bytes);
    EXPECT_EQ(writeNpyFile(path("t.npy"), tensor).ok(), npyHolds(type));
    if (!npyHolds(type))
      continue;
    read = readNpyFile(path("t.npy"));
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->type, type);
    EXPECT_EQ(read->dims, tensor.dims);
    EXPECT_EQ(read->bytes, tensor.bytes);
  }
}

TEST_F(TensorFiles, ScalarsAndEmptyTensors) {
  for (std::vector<int64_t> dims : {std::vector<int64_t>{}, {0}, {2, 0, 3}, {1}}) {
    HostTensor tensor{"", ElementType::kFloat32, dims, {}};
    tensor.bytes.resize(static_cast<size_t>(*countBytes(tensor.type, dims)), 'a');
    for (const char *name : {"s.npy", "s.pb"}) {
      auto status = fs::path(name).extension() == ".npy" ? writeNpyFile(path(name), tensor)
                                                         : writeTensorFile(path(name), tensor);
      ASSERT_TRUE(status.ok()) << status.message();
      auto read = readTensorFile(path(name));
      ASSERT_TRUE(read.ok()) << read.status().message();
      EXPECT_EQ(read->dims, dims);
      EXPECT_EQ(read->bytes, tensor.bytes);
    }
  }
}

std::string npy(const std::string &header, const std::string &data, int version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += static_cast<char>(version);
  bytes += '\0';
  uint32_t length = static_cast<uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char *>(&length), version == 1 ? 2 : 4);
  return bytes + header + data;
}

TEST(Npy, FortranOrder) {
  std::string data = bytesOf<int16_t>({0, 3, 1, 4, 2, 5});
  for (int version : {1, 2, 3}) {
    auto read = parseNpy(
        npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", data, version), "f");
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(read->bytes, bytesOf<int16_t>({0, 1, 2, 3, 4, 5}));
  }
}

TEST(Npy, BigEndian) {
  auto read = parseNpy(
      npy("{'shape':(2,),'fortran_order':False,\"descr\":\">u2\"}", std::string("\1\2\3\4", 4)),
      "f");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->bytes, bytesOf<uint16_t>({0x0102, 0x0304}));
}

TEST(Npy, Malformed) {
  const std::string good =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "12345678");
  ASSERT_TRUE(parseNpy(good, "f").ok());
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_FALSE(parseNpy(good.substr(0, length), "f").ok());
  for (const char *header :
       {"", "{", "{}", "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x"})
    EXPECT_FALSE(parseNpy(npy(header, "12345678"), "f").ok()) << header;
}

onnx_model::TensorProto message(int type, std::vector<int64_t> dims) {
  onnx_model::TensorProto tensor;
  tensor.set_data_type(type);
  for (int64_t dim : dims)
    tensor.add_dims(dim);
  return tensor;
}

TEST(TensorData, TypedFields) {
  auto half = message(onnx_model::DATA_FLOAT16, {2});
  half.add_int32_data(0x3c00);
  half.add_int32_data(0xc000);
  EXPECT_EQ(takeTensor(half, nullptr)->bytes, bytesOf<uint16_t>({0x3c00, 0xc000}));

  auto byte = message(onnx_model::DATA_INT8, {2});
  byte.add_int32_data(-128);
  byte.add_int32_data(127);
  EXPECT_EQ(takeTensor(byte, nullptr)->bytes, bytesOf<int8_t>({-128, 127}));

  auto nibbles = message(onnx_model::DATA_INT4, {3});
  nibbles.add_int32_data(0x21);
  nibbles.add_int32_data(0x03);
  EXPECT_EQ(takeTensor(nibbles, nullptr)->bytes, bytesOf<uint8_t>({0x21, 0x03}));

  auto word = message(onnx_model::DATA_UINT32, {1});
  word.add_uint64_data(0xffffffffu);
  EXPECT_EQ(takeTensor(word, nullptr)->bytes, bytesOf<uint32_t>({0xffffffffu}));

  auto complex = message(onnx_model::DATA_COMPLEX64, {1});
  complex.add_float_data(1);
  complex.add_float_data(2);
  EXPECT_EQ(takeTensor(complex, nullptr)->bytes, bytesOf<float>({1, 2}));

  auto truth = message(onnx_model::DATA_BOOL, {2});
  truth.set_raw_data(std::string("\7\0", 2));
  EXPECT_EQ(takeTensor(truth, nullptr)->bytes, std::string("\1\0", 2));
}

TEST(TensorData, Malformed) {
  auto wide = message(onnx_model::DATA_UINT8, {1});
  wide.add_int32_data(256);
  EXPECT_FALSE(takeTensor(wide, nullptr).ok());
  auto text = message(onnx_model::DATA_STRING, {1});
  text.add_string_data("a");
  EXPECT_EQ(takeTensor(text, nullptr).status().code(), absl::StatusCode::kUnimplemented);
  auto unknown = message(99, {1});
  EXPECT_FALSE(takeTensor(unknown, nullptr).ok());
  auto external = message(onnx_model::DATA_FLOAT, {1});
  external.set_data_location(1);
  EXPECT_FALSE(takeTensor(external, nullptr).ok());
  EXPECT_FALSE(parseTensorMessage("\xff\xff\xff", "f").ok());
  EXPECT_FALSE(readTensorFile("/nonexistent.pb").ok());
}

TEST(TensorData, SparseMatrices) {
  onnx_model::SparseTensorProto sparse;
  sparse.add_dims(2);
  sparse.add_dims(3);
  *sparse.mutable_values() = message(onnx_model::DATA_FLOAT, {2});
  sparse.mutable_values()->add_float_data(5);
  sparse.mutable_values()->add_float_data(7);
  *sparse.mutable_indices() = message(onnx_model::DATA_INT64, {2, 2});
  for (int64_t index : {0, 1, 1, 2})
    sparse.mutable_indices()->add_int64_data(index);
  onnx_model::SparseTensorProto outside = sparse;
  EXPECT_EQ(takeSparseTensor(sparse, nullptr, 1000)->bytes, bytesOf<float>({0, 5, 0, 0, 0, 7}));
  outside.mutable_indices()->set_int64_data(1, 3);
  EXPECT_FALSE(takeSparseTensor(outside, nullptr, 1000).ok());
}

} // namespace
} // namespace heddle
