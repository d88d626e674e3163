// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Onnx.h"

using namespace heddle::onnx;

#include "dialects/onnx/OnnxDialect.cpp.inc"

void OnnxDialect::initialize() { registerOnnxDialectOperations(this); }
