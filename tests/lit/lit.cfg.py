# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests of dialects and passes: each file says how to run it. lit.site.cfg.py sets the paths.
import os

import lit.formats

config.name = "Heddle"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.heddle_build + "/tests/lit"
config.environment["PATH"] = os.pathsep.join(
    [config.heddle_build + "/bin", config.llvm_tools, config.environment["PATH"]]
)
config.substitutions.append(("FileCheck", config.llvm_tools + "/FileCheck --enable-var-scope"))
