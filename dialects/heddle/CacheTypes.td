// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_HEDDLE_CACHETYPES
#define HEDDLE_DIALECTS_HEDDLE_CACHETYPES

include "mlir/IR/AttrTypeBase.td"
include "HeddleDialect.td"

class Heddle_EntriesType<string name> : TypeDef<Heddle_Dialect, name> {
  let parameters = (ins "::mlir::RankedTensorType":$tensor);
  let assemblyFormat = "`<` $tensor `>`";
  let genVerifyDecl = 1;
}

def Heddle_CacheType : Heddle_EntriesType<"Cache"> {
  let mnemonic = "cache";
  let summary = "a version of something that grows: a list of entries along axis 0 of a tensor";
  let description = [{
    A value of this type never changes: appending gives another version. Versions share
    memory. The one that is as long as what its block of memory holds goes on in place;
    appending to a shorter one, behind which there are entries of other versions, copies
    it, once, into a block with room for twice as much.

    ```mlir
    !heddle.cache<tensor<?x2x8xf32, #heddle.dims<["past", "2", "8"]>>>
    ```
  }];
}

def Heddle_SnapshotType : Heddle_EntriesType<"Snapshot"> {
  let mnemonic = "snapshot";
  let summary = "a version of a cache that is only read, or forked";
  let description = [{
    ```mlir
    !heddle.snapshot<tensor<?x2x8xf32, #heddle.dims<["past", "2", "8"]>>>
    ```
  }];
}

#endif // HEDDLE_DIALECTS_HEDDLE_CACHETYPES
