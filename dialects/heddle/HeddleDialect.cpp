// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/DagOps.h"
#include "dialects/heddle/Heddle.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace heddle;

#include "dialects/heddle/HeddleDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/heddle/HeddleAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/heddle/HeddleTypes.cpp.inc"

void HeddleDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/heddle/HeddleTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/heddle/HeddleOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/heddle/CacheOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/heddle/DagOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/heddle/HeddleAttrs.cpp.inc"
      >();
}
