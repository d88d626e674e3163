// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products that ai.onnx has no operator for.

#ifndef HEDDLE_DIALECTS_HEDDLE_PRODUCTOPS
#define HEDDLE_DIALECTS_HEDDLE_PRODUCTOPS

def Heddle_BlockMatmulOp : Heddle_Op<"block_matmul", [Pure]> {
  let summary = "a product with weights of few bits, whose blocks have scales";
  let description = [{
    Rows `... x K` times the columns that codes of `bits` bits stand for:

        result[..., n] = sum_k a[..., k] * (code[n, k] - zero point) * scale        ... x N

    A column's depth is cut into B blocks of S = `block` codes, `K = B S`, each of which
    has a scale of its own, and a zero point: `zero_point`, to which an operand adds one for
    each block. The codes of a block follow each other from the lowest bits of its first byte
    on: `N x B x S bits / 8` bytes. Scales and zero points are `N x B`.

    The product is that of the numbers that codes stand for to the precision of f32, as long
    as all of A is finite: a row with anything else is not a number.

    ```mlir
    %y = heddle.block_matmul %a, %codes, %scales {bits = 4, block = 32, zero_point = 8}
        : (tensor<1x576xf32>, tensor<192x18x16xui8>, tensor<192x18xf32>) -> tensor<1x192xf32>
    ```
  }];
  let arguments = (ins AnyTensor:$a, AnyTensor:$codes, AnyTensor:$scales,
                       Optional<AnyTensor>:$zero_points,
                       I64Attr:$bits, I64Attr:$block,
                       DefaultValuedAttr<I64Attr, "0">:$zero_point);
  let results = (outs AnyTensor:$y);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $y)";
  let hasVerifier = 1;
}

#endif // HEDDLE_DIALECTS_HEDDLE_PRODUCTOPS
