#include "python/disassemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace hoarfrost::python {
namespace {

constexpr int kDeepest = 8;  // code within code
constexpr size_t kMostLines = 200;

bool begins_with(Opcode opcode, std::string_view text) { return opcode_name(opcode).starts_with(text); }

bool is_jump(Opcode opcode) {
  const std::string_view name = opcode_name(opcode);
  return name.starts_with("JUMP") || name.starts_with("POP_JUMP") || name.starts_with("SETUP_LOOP") ||
         name == "FOR_ITER" || name == "SEND" || name == "SETUP_EXCEPT" || name == "SETUP_FINALLY" ||
         name == "SETUP_WITH" || name == "SETUP_ASYNC_WITH" || name == "CONTINUE_LOOP" || name == "CALL_FINALLY";
}

bool is_absolute(Opcode opcode, int version) {
  const std::string_view name = opcode_name(opcode);
  if (name == "JUMP_ABSOLUTE" || name == "CONTINUE_LOOP" || name == "JUMP_IF_NOT_EXC_MATCH") return true;
  return version <= 10 && (name.starts_with("POP_JUMP") || name.ends_with("_OR_POP"));
}

bool ends(Opcode opcode) {
  return opcode == Opcode::RETURN_VALUE || opcode == Opcode::RETURN_CONST || opcode == Opcode::RERAISE ||
         opcode == Opcode::RAISE_VARARGS || begins_with(opcode, "JUMP_ABSOLUTE") ||
         begins_with(opcode, "JUMP_BACKWARD") || opcode == Opcode::JUMP_FORWARD;
}

// What an instruction's argument counts in, for checking and for the listing.
enum class OperandKind { kNumber, kConstant, kName, kLocal, kCell };
OperandKind kind_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::LOAD_CONST:
    case Opcode::RETURN_CONST:
    case Opcode::KW_NAMES:
      return OperandKind::kConstant;
    case Opcode::LOAD_NAME:
    case Opcode::LOAD_GLOBAL:
    case Opcode::LOAD_ATTR:
    case Opcode::LOAD_METHOD:
    case Opcode::STORE_NAME:
    case Opcode::STORE_GLOBAL:
    case Opcode::STORE_ATTR:
    case Opcode::DELETE_NAME:
    case Opcode::DELETE_ATTR:
    case Opcode::DELETE_GLOBAL:
    case Opcode::IMPORT_NAME:
    case Opcode::IMPORT_FROM:
      return OperandKind::kName;
    case Opcode::LOAD_FAST:
    case Opcode::STORE_FAST:
    case Opcode::DELETE_FAST:
    case Opcode::LOAD_FAST_CHECK:
    case Opcode::LOAD_FAST_AND_CLEAR:
      return OperandKind::kLocal;
    case Opcode::LOAD_DEREF:
    case Opcode::STORE_DEREF:
    case Opcode::LOAD_CLOSURE:
    case Opcode::DELETE_DEREF:
    case Opcode::LOAD_CLASSDEREF:
    case Opcode::MAKE_CELL:
      return OperandKind::kCell;
    default:
      return OperandKind::kNumber;
  }
}

// The index that the argument says: some versions keep a flag in its lowest bit.
int index_in(const Instruction& instruction, int version) {
  if (instruction.opcode == Opcode::LOAD_GLOBAL && version >= 11) return instruction.argument >> 1;
  if (instruction.opcode == Opcode::LOAD_ATTR && version >= 12) return instruction.argument >> 1;
  return instruction.argument;
}

bool is_in_range(const Instruction& instruction, const Code& code, int version) {
  const auto index = static_cast<size_t>(index_in(instruction, version));
  const auto n_plain = static_cast<size_t>(version < 11 ? code.n_plain_locals : static_cast<int>(code.locals.size()));
  if (instruction.argument < 0) return false;
  switch (kind_of(instruction.opcode)) {
    case OperandKind::kConstant:
      return index < code.constants.size();
    case OperandKind::kName:
      return index < code.names.size();
    case OperandKind::kLocal:
      return index < n_plain;
    case OperandKind::kCell:
      return version < 11 ? n_plain + index < code.locals.size() : index < code.locals.size();
    case OperandKind::kNumber:
      break;
  }
  const bool has_two = instruction.opcode == Opcode::LOAD_FAST_LOAD_FAST ||
                       instruction.opcode == Opcode::STORE_FAST_LOAD_FAST ||
                       instruction.opcode == Opcode::STORE_FAST_STORE_FAST;
  return !has_two || (index >> 4 < n_plain && (index & 15) < n_plain);
}

// Since 3.10 the line table spans the whole code; before, its last entry begins before the code's end.
bool has_line_table_of(const Code& code, int version) {
  if (version > 10 || code.layout == Layout::k311) return true;
  if (code.line_table.size() % 2 != 0) return false;
  size_t n = 0;
  for (size_t i = 0; i < code.line_table.size(); i += 2) n += static_cast<uint8_t>(code.line_table[i]);
  return version == 10 ? n == code.instructions.size() : n < code.instructions.size();
}

Layout layout_of(int version) {
  if (version == kPython27) return Layout::k27;
  return version <= 7 ? Layout::k34 : version <= 10 ? Layout::k38 : Layout::k311;
}

class Disassembler {
 public:
  Disassembler(const Code& code, int version) : code_(code), bytes_(code.instructions), version_(version) {
    result_.version = version;
  }

  std::optional<Program> run() {
    if (layout_of(version_) != code_.layout || !has_line_table_of(code_, version_) || bytes_.empty()) return {};
    if (!(version_ >= 6 ? read_words() : read_bytes()) || result_.instructions.empty()) return {};
    for (Instruction& instruction : result_.instructions) {
      if (!is_in_range(instruction, code_, version_) || !find_target(instruction)) return {};
    }
    if (!ends(result_.instructions.back().opcode)) return {};
    if (version_ >= 11 &&
        std::ranges::none_of(result_.instructions, [](const Instruction& i) { return i.opcode == Opcode::RESUME; }))
      return {};
    return std::move(result_);
  }

 private:
  // 2.7, 3.4, 3.5: a byte, and two more for those from HAVE_ARGUMENT (90) on.
  bool read_bytes() {
    int extension = 0;
    for (size_t at = 0; at < bytes_.size();) {
      const size_t begin = at;
      const int number = byte(at++);
      const auto opcode = find_opcode(version_, number);
      if (!opcode || number == 0) return false;
      int argument = 0;
      if (number >= 90) {
        if (at + 2 > bytes_.size() || extension > 0xff) return false;
        argument = byte(at) | byte(at + 1) << 8 | extension << 16;
        at += 2;
      }
      extension = 0;
      if (*opcode == Opcode::EXTENDED_ARG) {
        extension = argument;
        starts_.emplace(begin, result_.instructions.size());
        continue;
      }
      add(begin, at, *opcode, argument);
    }
    return extension == 0;
  }

  // Since 3.6 each is two bytes.
  bool read_words() {
    if (bytes_.size() % 2 != 0) return false;
    int extension = 0;
    for (size_t at = 0; at < bytes_.size();) {
      const size_t begin = at;
      const auto opcode = find_opcode(version_, byte(at));
      if (!opcode || *opcode == Opcode::CACHE || (version_ < 11 && byte(at) == 0)) return false;
      const int argument = extension << 8 | byte(at + 1);
      at += 2;
      extension = 0;
      if (*opcode == Opcode::EXTENDED_ARG) {
        if (argument > 0x7fff) return false;
        extension = argument;
        starts_.emplace(begin, result_.instructions.size());
        continue;
      }
      for (int i = 0; i < n_caches(version_, *opcode); ++i, at += 2) {
        if (at >= bytes_.size() || byte(at) != 0) return false;
      }
      add(begin, at, *opcode, argument);
    }
    return extension == 0;
  }

  void add(size_t begin, size_t end, Opcode opcode, int argument) {
    starts_.emplace(begin, result_.instructions.size());
    result_.instructions.push_back({opcode, argument, static_cast<int>(begin), -1});
    ends_.push_back(static_cast<int64_t>(end));
  }

  bool find_target(Instruction& instruction) {
    if (!is_jump(instruction.opcode)) return true;
    const int64_t unit = version_ >= 10 ? 2 : 1;
    const int64_t distance = unit * instruction.argument;
    const int64_t next = ends_[static_cast<size_t>(&instruction - result_.instructions.data())];
    const bool is_backward = opcode_name(instruction.opcode).find("BACKWARD") != std::string_view::npos;
    const int64_t target = is_absolute(instruction.opcode, version_) ? distance
                           : is_backward                             ? next - distance
                                                                     : next + distance;
    const auto found = target < 0 ? starts_.end() : starts_.find(static_cast<size_t>(target));
    if (found == starts_.end()) return false;
    instruction.target = static_cast<int>(found->second);
    return true;
  }

  [[nodiscard]] int byte(size_t at) const { return static_cast<uint8_t>(bytes_[at]); }

  const Code& code_;
  const std::string& bytes_;
  int version_;
  Program result_;
  std::map<size_t, size_t> starts_;  // from offsets to instructions
  std::vector<int64_t> ends_;        // the offset behind each, its caches included
};

bool is_well_formed(const Code& code, int version, int depth, std::set<const Code*>& seen) {
  if (!seen.insert(&code).second) return true;  // one code object may be there many times
  if (depth > kDeepest || !disassemble(code, version)) return false;
  return std::ranges::all_of(code.constants, [&](const ObjectPtr& constant) {
    return constant->kind != Object::Kind::kCode || is_well_formed(*constant->code, version, depth + 1, seen);
  });
}

std::string meaning(const Instruction& instruction, const Code& code, int version) {
  const auto index = static_cast<size_t>(index_in(instruction, version));
  switch (kind_of(instruction.opcode)) {
    case OperandKind::kConstant:
      return repr(*code.constants[index]);
    case OperandKind::kName:
      return code.names[index].substr(0, 60);
    case OperandKind::kLocal:
      return code.locals[index].substr(0, 60);
    case OperandKind::kCell:
      return code.locals[index + (version < 11 ? static_cast<size_t>(code.n_plain_locals) : 0)].substr(0, 60);
    case OperandKind::kNumber:
      break;
  }
  return {};
}

void list(const Code& code, int version, int depth, std::vector<std::string>& lines) {
  const auto program = disassemble(code, version);
  if (!program || depth > kDeepest) return;
  lines.push_back(fmt::format("{}{}:", std::string(static_cast<size_t>(2 * depth), ' '), code.name.substr(0, 60)));
  for (const Instruction& instruction : program->instructions) {
    const std::string said = meaning(instruction, code, version);
    std::string line = fmt::format("{}{:>6} {:<20} {}", std::string(static_cast<size_t>(2 * depth), ' '),
                                   instruction.offset, opcode_name(instruction.opcode), instruction.argument);
    if (!said.empty()) line += fmt::format(" ({})", said);
    if (instruction.target >= 0)
      line += fmt::format(" (to {})", program->instructions[static_cast<size_t>(instruction.target)].offset);
    lines.push_back(std::move(line));
    if (lines.size() > kMostLines) return;
  }
  for (const ObjectPtr& constant : code.constants) {
    if (constant->kind == Object::Kind::kCode && lines.size() <= kMostLines)
      list(*constant->code, version, depth + 1, lines);
  }
}

}  // namespace

std::optional<Program> disassemble(const Code& code, int version) { return Disassembler(code, version).run(); }

std::vector<int> versions_of(const Code& code) {
  std::vector<int> result;
  for (const int version : kVersions) {
    std::set<const Code*> seen;
    if (is_well_formed(code, version, 0, seen)) result.push_back(version);
  }
  return result;
}

std::string listing(const Code& code, int version) {
  std::vector<std::string> lines;
  list(code, version, 0, lines);
  if (lines.size() > kMostLines) {
    lines.resize(kMostLines);
    lines.emplace_back("…");
  }
  std::string result;
  for (const std::string& line : lines) result += (result.empty() ? "" : "\n") + line;
  return result;
}

}  // namespace hoarfrost::python
