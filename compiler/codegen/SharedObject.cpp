// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/SharedObject.h"

#include <mutex>
#include <set>

#include "compiler/codegen/KernelLowering.h"
#include "runtime/artifact/kernel_abi.h"
#include "runtime/support/whole_file.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace heddle::codegen {
namespace {

// Names that objects use and none defines, sorted.
Expected<std::vector<std::string>> undefinedSymbols(const std::vector<std::string> &objects) {
  std::set<std::string> defined, undefined;
  for (const std::string &bytes : objects) {
    auto object = object::ObjectFile::createObjectFile(MemoryBufferRef(bytes, "kernel"));
    if (!object)
      return object.takeError();
    for (const object::SymbolRef &symbol : (*object)->symbols()) {
      Expected<uint32_t> flags = symbol.getFlags();
      Expected<StringRef> name = symbol.getName();
      if (!flags)
        return flags.takeError();
      if (!name)
        return name.takeError();
      // The table of the object's global offsets is the linker's own.
      if (name->empty() || *name == "_GLOBAL_OFFSET_TABLE_")
        continue;
      if (*flags & object::SymbolRef::SF_Undefined)
        undefined.insert(name->str());
      else if (*flags & object::SymbolRef::SF_Global)
        defined.insert(name->str());
    }
  }
  std::vector<std::string> names;
  std::set_difference(undefined.begin(), undefined.end(), defined.begin(), defined.end(),
                      std::back_inserter(names));
  return names;
}

// The two tables, and for each import a function of its name that jumps through its entry.
std::string tablesObject(const std::vector<std::string> &kernels,
                         const std::vector<std::string> &imports, const Target &target) {
  std::string text;
  raw_string_ostream os(text);
  os << ".section .data.rel.ro,\"aw\",@progbits\n.p2align 6\n.globl " HEDDLE_KERNEL_TABLE "\n"
     << ".type " HEDDLE_KERNEL_TABLE ",@object\n" HEDDLE_KERNEL_TABLE ":\n";
  for (const std::string &kernel : kernels)
    os << ".hidden \"" << kernel << "\"\n.quad \"" << kernel << "\"\n";
  os << ".quad 0\n.size " HEDDLE_KERNEL_TABLE ", " << 8 * (kernels.size() + 1) << "\n"
     << ".bss\n.p2align 6\n.globl " HEDDLE_IMPORT_TABLE "\n"
     << ".type " HEDDLE_IMPORT_TABLE ",@object\n" HEDDLE_IMPORT_TABLE ":\n.Limports:\n.zero "
     << 8 * (imports.size() + 1) << "\n.size " HEDDLE_IMPORT_TABLE ", " << 8 * (imports.size() + 1)
     << "\n.text\n";
  for (size_t i = 0; i < imports.size(); ++i)
    os << ".p2align 4\n.globl " << imports[i] << "\n.hidden " << imports[i] << "\n.type "
       << imports[i] << ",@function\n"
       << imports[i] << ":\njmpq *.Limports+" << 8 * i << "(%rip)\n.size " << imports[i] << ", .-"
       << imports[i] << "\n";
  LLVMContext context;
  Module module("tables", context);
  std::unique_ptr<TargetMachine> machine = makeTargetMachine(target);
  module.setDataLayout(machine->createDataLayout());
  module.setTargetTriple(machine->getTargetTriple());
  module.setModuleInlineAsm(text);
  return emitMachineCode(module, *machine, /*assembly=*/false);
}

} // namespace

Expected<SharedObject> linkKernels(const std::vector<std::string> &objects,
                                   const std::vector<std::string> &kernels, const Target &target) {
  SharedObject result;
  Expected<std::vector<std::string>> imports = undefinedSymbols(objects);
  if (!imports)
    return imports.takeError();
  result.imports = std::move(*imports);

  SmallString<128> folder;
  if (std::error_code error = sys::fs::createUniqueDirectory("heddle-link", folder))
    return createStringError(error, "cannot make a temporary folder");
  scope_exit cleanup([&] { sys::fs::remove_directories(folder); });

  std::string output = (folder + "/kernels.so").str();
  std::vector<std::string> arguments{"ld.lld",
                                     "-shared",
                                     "--build-id=none",
                                     "-znow",
                                     "-zrelro",
                                     "-znoexecstack",
                                     "--no-undefined",
                                     "--hash-style=gnu",
                                     "--threads=1",
                                     "--no-dynamic-linker",
                                     "-O0",
                                     "-o",
                                     output};
  std::vector<std::string> inputs = objects;
  inputs.push_back(tablesObject(kernels, result.imports, target));
  for (size_t i = 0; i < inputs.size(); ++i) {
    arguments.push_back((folder + "/" + Twine(i) + ".o").str());
    if (absl::Status status = WriteWholeFile(arguments.back(), {inputs[i]}); !status.ok())
      return createStringError(std::string(status.message()));
  }
  std::vector<const char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());

  std::string messages;
  raw_string_ostream log(messages);
  static std::mutex linker;
  {
    std::lock_guard<std::mutex> lock(linker);
    static bool usable = true;
    if (!usable)
      return createStringError("the linker failed before and cannot run again");
    lld::Result linked = lld::lldMain(argv, log, log, {{lld::Gnu, &lld::elf::link}});
    usable = linked.canRunAgain;
    if (linked.retCode != 0)
      return createStringError("linking kernels failed: " + messages);
  }
  auto buffer = MemoryBuffer::getFile(output);
  if (!buffer)
    return createStringError(buffer.getError(), "cannot read '" + output + "'");
  result.bytes.assign((*buffer)->getBufferStart(), (*buffer)->getBufferEnd());
  return result;
}

} // namespace heddle::codegen
