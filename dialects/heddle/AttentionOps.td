// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention as one operation, which never has all of its scores at once.

#ifndef HEDDLE_DIALECTS_HEDDLE_ATTENTIONOPS
#define HEDDLE_DIALECTS_HEDDLE_ATTENTIONOPS

def Heddle_AttentionOp : Heddle_Op<"attention", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "values summed by the softmax of the products of queries and keys";
  let description = [{
    With queries `B... x L x D`, keys `B... x S x D` and values `B... x S x E`:

        result = softmax(scores(query key^T)) value        B... x L x E

    The region makes a score of a product, element by element: scale, masks and
    positions in whatever way the source spells them. Its first argument is the
    tensor of all products; the others are the further operands, broadcast to it.

    A batch dimension of keys or values may divide that of the queries, whose
    neighbours then share one (grouped heads); one of queries may be 1. With
    `shares_keys` a length of 1 stands for S equal keys or values.

    Operands and result may be stored with their axes in another order, so that
    transpositions around attention move nothing: logical axis i of the queries is
    axis `query_axes[i]` of the operand, likewise for keys and values; axis i of
    the result is logical axis `result_axes[i]`. Keys have D or S as their last
    axis, values and the result have E.

    `undefined` says what the softmax of a row without a score above minus
    infinity gives: `nan` as the operator Softmax, `zero`, or `zero_nan` where any
    row that is not a number becomes zero. A row over no keys at all is zero.

    With `in_parts` the keys are cut into P parts of nearly equal size, and the result,
    `B... x L x P x (E + 2)`, is what is known of each part alone: the values summed by
    exp(score - m), the greatest score m, and the sum of these weights.
    `heddle.merge_attention` makes the result of them.

    ```mlir
    %y = heddle.attention %q, %k, %v, %mask : (tensor<1x8x4x64xf32>, tensor<1x2x9x64xf32>,
        tensor<1x2x9x64xf32>, tensor<4x9xf32>) -> tensor<1x8x4x64xf32> {
    ^bb0(%s: tensor<1x8x4x9xf32>, %m: tensor<4x9xf32>):
      %0 = "onnx.Add"(%s, %m) : (tensor<1x8x4x9xf32>, tensor<4x9xf32>) -> tensor<1x8x4x9xf32>
      heddle.yield %0 : tensor<1x8x4x9xf32>
    }
    ```
  }];
  let arguments = (ins AnyRankedTensor:$query, AnyRankedTensor:$key, AnyRankedTensor:$value,
                       Variadic<AnyRankedTensor>:$extras,
                       OptionalAttr<DenseI64ArrayAttr>:$query_axes,
                       OptionalAttr<DenseI64ArrayAttr>:$key_axes,
                       OptionalAttr<DenseI64ArrayAttr>:$value_axes,
                       OptionalAttr<DenseI64ArrayAttr>:$result_axes,
                       UnitAttr:$shares_keys, UnitAttr:$in_parts,
                       DefaultValuedStrAttr<StrAttr, "nan">:$undefined);
  let results = (outs AnyRankedTensor:$output);
  let regions = (region SizedRegion<1>:$scores);
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, $output) $scores
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The products, before the region.
    ::mlir::BlockArgument getProducts() { return getScores().getArgument(0); }
    /// Dimensions of the products: B..., L, S.
    unsigned getRank();
    /// The order of axes of the operands `query`, `key`, `value`, or of the result (3).
    ::llvm::SmallVector<int64_t> axesOf(unsigned operand);
  }];
}

def Heddle_MergeAttentionOp : Heddle_Op<"merge_attention", [Pure]> {
  let summary = "the result of attention whose keys were cut into parts";
  let description = [{
    Parts `B... x L x P x (E + 2)` of `heddle.attention` with `in_parts` become its
    result, `B... x L x E` with its axes in the order `result_axes`: with M the greatest
    of the maxima m, the values of the parts summed with exp(m - M), divided by their
    sums of weights summed with the same. Parts are summed in their order.

    ```mlir
    %y = heddle.merge_attention %parts : tensor<1x8x1x4x66xf32> -> tensor<1x8x1x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$parts, OptionalAttr<DenseI64ArrayAttr>:$result_axes,
                       DefaultValuedStrAttr<StrAttr, "nan">:$undefined);
  let results = (outs AnyRankedTensor:$output);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` type($output)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The logical axis of each axis of the result.
    ::llvm::SmallVector<int64_t> getResultOrder();
  }];
}

#endif // HEDDLE_DIALECTS_HEDDLE_ATTENTIONOPS
