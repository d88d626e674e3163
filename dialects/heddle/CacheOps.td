// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Caches that grow, as values: what is done to one version is not seen in another.

#ifndef HEDDLE_DIALECTS_HEDDLE_CACHEOPS
#define HEDDLE_DIALECTS_HEDDLE_CACHEOPS

include "HeddleBase.td"
include "CacheTypes.td"

class Heddle_CacheOp<string name> : Heddle_Op<"cache." # name, [Pure]> {
  let hasVerifier = 1;
}

def Heddle_CacheOpenOp : Heddle_CacheOp<"open"> {
  let summary = "a tensor as a cache";
  let description = [{
    Its entries lie along axis 0. A tensor that is a version of a cache already, such as
    the state of a session or what a loop carries, goes on being one: nothing moves.

    ```mlir
    %c = heddle.cache.open %past : tensor<?x8xf32, ...> -> !heddle.cache<tensor<?x8xf32, ...>>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$tensor);
  let results = (outs Heddle_CacheType:$cache);
  let assemblyFormat = "$tensor attr-dict `:` type($tensor) `->` qualified(type($cache))";
}

def Heddle_CacheAppendOp : Heddle_CacheOp<"append"> {
  let summary = "the version of a cache with further entries";
  let description = [{
    Of a version that nobody has appended to, the entries are put behind those that are
    there, and nothing else moves. Of others, and of forks, it is a copy.

    ```mlir
    %now = heddle.cache.append %entries to %c : tensor<1x8xf32> to !heddle.cache<tensor<?x8xf32, ...>>
        -> !heddle.cache<tensor<?x8xf32, ...>>
    ```
  }];
  let arguments = (ins Heddle_CacheType:$cache, AnyRankedTensor:$entries);
  let results = (outs Heddle_CacheType:$appended);
  let assemblyFormat = [{
    $entries `to` $cache attr-dict `:` type($entries) `to` qualified(type($cache)) `->` qualified(type($appended))
  }];
}

def Heddle_CacheViewOp : Heddle_CacheOp<"view"> {
  let summary = "the entries of a version as a tensor, in place";
  let description = [{
    ```mlir
    %all = heddle.cache.view %now : !heddle.cache<tensor<?x8xf32, ...>> -> tensor<?x8xf32, ...>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Heddle_CacheType, Heddle_SnapshotType]>:$cache);
  let results = (outs AnyRankedTensor:$tensor);
  let assemblyFormat = "$cache attr-dict `:` qualified(type($cache)) `->` type($tensor)";
}

def Heddle_CacheSnapshotOp : Heddle_CacheOp<"snapshot"> {
  let summary = "a version, to be read while the cache grows";
  let description = [{
    Readers that must not see, nor wait for, what is appended take a snapshot. It has no
    `append`: only its forks go on.

    ```mlir
    %s = heddle.cache.snapshot %c : !heddle.cache<tensor<?x8xf32, ...>> -> !heddle.snapshot<tensor<?x8xf32, ...>>
    ```
  }];
  let arguments = (ins Heddle_CacheType:$cache);
  let results = (outs Heddle_SnapshotType:$snapshot);
  let assemblyFormat = "$cache attr-dict `:` qualified(type($cache)) `->` qualified(type($snapshot))";
}

def Heddle_CacheForkOp : Heddle_CacheOp<"fork"> {
  let summary = "a cache of its own that begins with the entries of another";
  let description = [{
    Its entries are those of the other one until it is appended to; that copies them, so
    the other one is sure to go on in place. Without a fork, of two that append to one
    version the first in time goes on in place. Contents are the same either way.

    ```mlir
    %f = heddle.cache.fork %c : !heddle.cache<tensor<?x8xf32, ...>> -> !heddle.cache<tensor<?x8xf32, ...>>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Heddle_CacheType, Heddle_SnapshotType]>:$cache);
  let results = (outs Heddle_CacheType:$fork);
  let assemblyFormat = "$cache attr-dict `:` qualified(type($cache)) `->` qualified(type($fork))";
}

def Heddle_CacheTruncateOp : Heddle_CacheOp<"truncate"> {
  let summary = "the version with the first entries only";
  let description = [{
    As many as `length`, a tensor of one integer, says; a length that is negative or more
    than there are ends the run with an error. Nothing moves; what is appended next is
    behind entries that others may read, so it copies.

    ```mlir
    %less = heddle.cache.truncate %c to %length : !heddle.cache<tensor<?x8xf32, ...>> to tensor<i64>
        -> !heddle.cache<tensor<?x8xf32, ...>>
    ```
  }];
  let arguments = (ins Heddle_CacheType:$cache, TensorOf<[I64]>:$length);
  let results = (outs Heddle_CacheType:$truncated);
  let assemblyFormat = [{
    $cache `to` $length attr-dict `:` qualified(type($cache)) `to` type($length) `->` qualified(type($truncated))
  }];
}

#endif // HEDDLE_DIALECTS_HEDDLE_CACHEOPS
