// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with constants that are dequantised in blocks take the codes:
//
//   MatMul(x, DequantizeLinear(w, scale, zero point, block_size))
//     = heddle.block_matmul(x, codes of w, scale, zero point)
//
// Codes of all blocks of a column follow each other there, so they are laid out anew. Codes with a sign
// change it, which adds half of their range to them and to the zero point. Only codes of 4 bits: many
// rows times those of 8 bits take longer than times floats.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FUSEBLOCKQUANTIZEDPASS
#include "compiler/Passes.h.inc"

namespace {

/// The codes of 4 bits of a constant.
class Codes {
public:
  static constexpr int64_t kBits = 4;

  static std::optional<Codes> of(Value value) {
    auto constant = value.getDefiningOp<onnx::ConstantOp>();
    if (!constant || !elementOf(value).isInteger(kBits))
      return std::nullopt;
    Attribute attribute = constant.getValueAttr();
    if (auto dense = dyn_cast_or_null<DenseElementsAttr>(attribute))
      return dense.isSplat() ? std::nullopt : std::optional(Codes(dense.getRawData(), 1));
    auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(attribute);
    if (!resource || !resource.getRawHandle().getBlob())
      return std::nullopt;
    return Codes(resource.getRawHandle().getBlob()->getData(), 2);
  }

  unsigned operator[](int64_t index) const {
    auto byte = static_cast<unsigned char>(bytes[index / each]);
    return byte >> (index % each * kBits) & 0xf;
  }

private:
  Codes(ArrayRef<char> bytes, int64_t each) : bytes(bytes), each(each) {}

  ArrayRef<char> bytes;
  int64_t each; // codes in a byte
};

/// A matrix that is dequantised in blocks, and the other way around where `isTurned`.
struct BlockMatrix {
  onnx::DequantizeLinearOp op;
  bool isTurned;
};

std::optional<BlockMatrix> blockMatrix(Value value, bool isTurned) {
  if (auto transpose = value.getDefiningOp<onnx::TransposeOp>();
      transpose && dimsOf(value).size() == 2) {
    auto order = transpose.getPerm();
    isTurned ^= !order || (*order)[0] == 1;
    value = transpose.getData();
  }
  auto op = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!op || op.getBlockSize() < 16 || op.getBlockSize() > 256 ||
      !llvm::isPowerOf2_64(op.getBlockSize()) || dimsOf(value).size() != 2)
    return std::nullopt;
  int64_t axis = op.getAxis();
  if ((axis < 0 ? axis + 2 : axis) != (isTurned ? 1 : 0))
    return std::nullopt;
  return BlockMatrix{op, isTurned};
}

/// Columns of codes, each from its first block on, two codes a byte. Where zero is in the middle, they
/// have a sign.
Value packed(Arithmetic &m, const Codes &codes, int64_t depth, int64_t columns, int64_t block,
             bool isTurned, int64_t zero) {
  auto type = RankedTensorType::get({columns, depth / block, block / 2},
                                    m.b.getIntegerType(8, /*isSigned=*/false));
  auto blob = HeapAsmResourceBlob::allocate(type.getNumElements(), alignof(std::max_align_t));
  char *byte = blob.getMutableData().data();
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < depth; row += 2) {
      auto code = [&](int64_t row) {
        return codes[isTurned ? column * depth + row : row * columns + column] ^ zero;
      };
      *byte++ = static_cast<char>(code(row) | code(row + 1) << Codes::kBits);
    }
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseResourceElementsAttr::get(type, "codes", std::move(blob)));
  return constant.getResult();
}

/// Null where it stays as it is.
Value product(Operation *op, Value x, Value matrix, bool isTurned) {
  std::optional<BlockMatrix> found = blockMatrix(matrix, isTurned);
  std::optional<Codes> codes = found ? Codes::of(found->op.getX()) : std::nullopt;
  if (!codes)
    return {};
  onnx::DequantizeLinearOp weights = found->op;
  int64_t block = weights.getBlockSize();
  std::optional<int64_t> depth = dimsOf(matrix)[isTurned ? 1 : 0].asConstant(),
                         columns = dimsOf(matrix)[isTurned ? 0 : 1].asConstant();
  Type element = elementOf(x);
  if (!depth || !columns || *depth % block != 0 || elementOf(weights.getXScale()) != element ||
      elementOf(matrix) != element || (!element.isF32() && !element.isF16() && !element.isBF16()))
    return {};
  Arithmetic m(op);
  auto ofBlocks = [&](Value value) { return found->isTurned ? value : m.exchanged(value, 0, 1); };
  Value zeroPoints = weights.getXZeroPoint();
  if (zeroPoints)
    zeroPoints = ofBlocks(m.toF32(zeroPoints));
  int64_t zero = elementOf(weights.getX()).isUnsignedInteger() ? 0 : 1 << (Codes::kBits - 1);
  Value columnCodes = packed(m, *codes, *depth, *columns, block, found->isTurned, zero);
  Dims dims = dimsOf(x);
  dims.back() = *columns;
  return BlockMatmulOp::create(m.b, m.loc, tensorWithDims(dims, element), x, columnCodes,
                               ofBlocks(weights.getXScale()), zeroPoints, Codes::kBits, block,
                               zero);
}

Value rewritten(onnx::MatMulOp op) {
  return dimsOf(op.getA()).empty() ? Value() : product(op, op.getA(), op.getB(), false);
}

Value rewritten(onnx::GemmOp op) {
  if (op.getTransA() || !op.getAlpha().isExactlyValue(1.0) || !op.getBeta().isExactlyValue(1.0))
    return {};
  Value sum = product(op, op.getA(), op.getB(), op.getTransB());
  return sum && op.getC() ? Arithmetic(op).add(sum, op.getC()) : sum;
}

struct FuseBlockQuantized : impl::FuseBlockQuantizedPassBase<FuseBlockQuantized> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      Value result;
      if (auto matmul = dyn_cast<onnx::MatMulOp>(op))
        result = rewritten(matmul);
      else if (auto gemm = dyn_cast<onnx::GemmOp>(op))
        result = rewritten(gemm);
      if (!result)
        return;
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    });
  }
};

} // namespace
} // namespace heddle
