// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_ONNX_ONNXBASE
#define HEDDLE_DIALECTS_ONNX_ONNXBASE

include "mlir/IR/OpBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::heddle::onnx";
  let summary = "ONNX operators at their newest version";
  let description = [{
    The source level of Heddle: one operation per ONNX operator, with the
    operator's own semantics. Older operator versions are upgraded by the
    importer, so a pass meets each operator in one form only. An optional
    operand that the model leaves out is absent here too.

    Element types are signless for signed integers (`i8`, `i64`), unsigned for
    unsigned ones (`ui8`), `i1` for bool. Dimensions that are not static are
    named by the tensor's encoding, `tensor<?x3xf32, #heddle.dims<["batch", "3"]>>`.
  }];
  let useDefaultAttributePrinterParser = 0;
  let dependentDialects = ["::heddle::HeddleDialect"];
}

class Onnx_Op<string name, int since, list<Trait> traits = []>
    : Op<Onnx_Dialect, name, traits> {
  int sinceVersion = since;
  let cppNamespace = "::heddle::onnx";
  let assemblyFormat = ?;
}

/// Operators of the domain ai.onnx.ml are printed as onnx.ml.NAME.
class Onnx_MlOp<string name, int since, list<Trait> traits = []>
    : Onnx_Op<"ml." # name, since, traits>;

def Onnx_YieldOp : Op<Onnx_Dialect, "Yield", [Pure, ReturnLike, Terminator]> {
  let summary = "ends a sub-graph (a branch of If, a body of Loop or Scan) with its outputs";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

/// A node whose operator belongs to a domain registered by the user.
def Onnx_CustomOp : Op<Onnx_Dialect, "Custom"> {
  let summary = "an operator of a custom domain, run by a function registered through the C ABI";
  let arguments = (ins Variadic<AnyType>:$inputs, StrAttr:$domain_name, StrAttr:$function_name,
                       DictionaryAttr:$node_attributes);
  let results = (outs Variadic<AnyType>:$outputs);
}

#endif // HEDDLE_DIALECTS_ONNX_ONNXBASE
