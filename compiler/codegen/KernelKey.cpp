// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/KernelKey.h"

#include "compiler/codegen/CompilerIdentity.h"

#include "mlir/IR/OperationSupport.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace heddle::codegen {
std::string kernelKey(mlir::ModuleOp module, const Target &target) {
  if (compilerIdentity().empty())
    return {};
  std::string text = compilerIdentity();
  raw_string_ostream os(text);
  os << target.cpu() << " " << target.tuneCpu() << " " << target.featureString() << " O"
     << target.optLevel() << "\n";
  // Generic, as that is printed several times as fast, and without locations.
  module->print(os, mlir::OpPrintingFlags().printGenericOpForm());
  return text;
}

Expected<std::string> renameKernel(std::string object, StringRef name) {
  using Elf = object::ELF64LE;
  auto file = object::ELFFile<Elf>::create(object);
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  const Elf::Shdr *table = nullptr;
  for (const Elf::Shdr &section : *sections)
    if (section.sh_type == ELF::SHT_SYMTAB)
      table = &section;
  if (!table)
    return createStringError("a kernel's object has no symbols");
  auto symbols = file->symbols(table);
  auto names = file->getStringTableForSymtab(*table);
  if (!symbols)
    return symbols.takeError();
  if (!names)
    return names.takeError();
  // New names go to the end of a copy of the table of names, at the end of the object: the old ones
  // may be parts of each other.
  std::string renamed = names->str();
  for (const Elf::Sym &symbol : *symbols) {
    auto old = symbol.getName(*names);
    if (!old)
      return old.takeError();
    StringRef rest = *old;
    if (!rest.consume_front(kKernelName) || (!rest.empty() && rest.front() != '.'))
      continue;
    const_cast<Elf::Sym &>(symbol).st_name = static_cast<uint32_t>(renamed.size());
    renamed += (name + rest).str() + '\0';
  }
  auto &strings = const_cast<Elf::Shdr &>((*sections)[table->sh_link]);
  strings.sh_offset = object.size();
  strings.sh_size = renamed.size();
  return object + renamed;
}

} // namespace heddle::codegen
