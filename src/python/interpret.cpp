#include "python/interpret.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kUnsupported, "", what); }

std::string place(const Code& code) { return fmt::format("`{}`", code.name.substr(0, 60)); }

size_t position_of(const Code& code, const std::string& name) {
  const auto n = static_cast<std::ptrdiff_t>(code.n_arguments + code.n_keyword_arguments);
  return static_cast<size_t>(std::find(code.locals.begin(), code.locals.begin() + n, name) - code.locals.begin());
}

// The arguments in their local variables, as Python binds them.
std::vector<Value> bound(const Function& function, std::vector<Value> arguments, const Keywords& keywords) {
  const Code& code = *function.code;
  const auto n_positional = static_cast<size_t>(code.n_arguments);
  const size_t n_named = n_positional + static_cast<size_t>(code.n_keyword_arguments);
  const bool has_rest = (code.flags & Code::kVarArguments) != 0;
  const bool has_more_keywords = (code.flags & Code::kVarKeywords) != 0;
  std::vector<Value> locals(code.locals.size());
  if (arguments.size() > n_positional && !has_rest)
    refuse(fmt::format("{} takes {} arguments, and is given {}", place(code), n_positional, arguments.size()));
  for (size_t i = 0; i < std::min(arguments.size(), n_positional); ++i) locals[i] = std::move(arguments[i]);
  if (has_rest)
    locals[n_named] = Value::tuple(
        {arguments.begin() + static_cast<std::ptrdiff_t>(std::min(arguments.size(), n_positional)), arguments.end()});
  Value more = Value::with(Kind::kDict, {});
  for (const auto& [name, value] : keywords) {
    const size_t position = position_of(code, name);
    if (position < n_named) {
      if (!locals[position].is(Kind::kNull)) refuse(fmt::format("{} is given `{}` twice", place(code), name));
      locals[position] = value;
    } else if (has_more_keywords) {
      more.items->push_back(Value::string(name));
      more.items->push_back(value);
    } else {
      refuse(fmt::format("{} takes no argument `{}`", place(code), name));
    }
  }
  if (has_more_keywords) locals[n_named + (has_rest ? 1 : 0)] = more;
  for (size_t i = 0; i < function.defaults.size() && i < n_positional; ++i) {
    Value& local = locals[n_positional - 1 - i];
    if (local.is(Kind::kNull)) local = function.defaults[function.defaults.size() - 1 - i];
  }
  for (size_t i = 0; i + 1 < function.keyword_defaults.size(); i += 2) {
    const size_t position = position_of(code, function.keyword_defaults[i].text);
    if (position < n_named && locals[position].is(Kind::kNull)) locals[position] = function.keyword_defaults[i + 1];
  }
  for (size_t i = 0; i < n_named; ++i) {
    if (locals[i].is(Kind::kNull))
      refuse(fmt::format("{} is not given its argument `{}`", place(code), code.locals[i]));
  }
  return locals;
}

// Before 3.11 cells and free variables are there from the first instruction on; since then MAKE_CELL and COPY_FREE_VARS
// make them.
void fill_cells(const Function& function, std::vector<Value>& locals) {
  const Code& code = *function.code;
  if (function.closure.size() != static_cast<size_t>(code.n_free)) {
    refuse(fmt::format("{} closes over {} variables, {} are given", place(code), code.n_free, function.closure.size()));
  }
  if (code.layout == Layout::k311) return;
  const auto first = static_cast<size_t>(code.n_plain_locals);
  for (size_t i = 0; i < static_cast<size_t>(code.n_cells); ++i) {
    const auto same =
        std::find(code.locals.begin(), code.locals.begin() + code.n_plain_locals, code.locals[first + i]) -
        code.locals.begin();
    locals[first + i] =
        Value::with(Kind::kCell, {same < code.n_plain_locals ? locals[static_cast<size_t>(same)] : Value()});
  }
  std::ranges::copy(function.closure, locals.begin() + static_cast<std::ptrdiff_t>(first) + code.n_cells);
}

}  // namespace

Value call_function(const Function& function, int version, std::vector<Value> arguments, const Keywords& keywords,
                    Semantics& semantics, Limits& limits) {
  if (limits.depth >= 16) refuse("functions that call one another more than 16 deep");
  const auto program = disassemble(*function.code, version);
  if (!program) throw Error(ErrorCode::kCorrupt, "", fmt::format("no code of Python {}", version_name(version)));
  Frame frame(function, *program, bound(function, std::move(arguments), keywords), semantics, limits);
  fill_cells(function, frame.locals);
  ++limits.depth;
  Value result = frame.run();
  --limits.depth;
  return result;
}

}  // namespace hoarfrost::python
