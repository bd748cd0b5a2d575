// Numbers, names and arithmetic as Python has them: tests/golden/training/callbacks.json
// (tools/make_callback_goldens.py).
#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include <fstream>

#include "training/expression.h"
#include "training/json.h"
#include "training/python_format.h"
#include "training/python_number.h"

namespace hoarfrost::training {
namespace {

using testing::HasSubstr;

const Json& golden(const std::string& part) {
  static const Json all = Json::parse(std::ifstream(HOARFROST_GOLDEN "/training/callbacks.json"));
  return all.at(part);
}

TEST(PythonFormat, IsPythons) {
  const auto is_whole = [](std::string_view name) { return name == "epoch" || name == "batch"; };
  for (const Json& item : golden("formats")) {
    const PythonFormat format(item.at(0), "here", is_whole);
    EXPECT_EQ(format.format([&](const std::string& name) { return item.at(1).at(name).get<double>(); }),
              item.at(2).get<std::string>())
        << item.at(0);
  }
}

TEST(PythonNumber, IsPythons) {
  for (const Json& item : golden("numbers")) {
    EXPECT_EQ(python_repr(item.at(0).get<double>()), item.at(1).get<std::string>());
    EXPECT_EQ(python_str(static_cast<float>(item.at(0).get<double>())), item.at(2).get<std::string>());
  }
}

TEST(Expression, IsPythons) {
  const std::string names[] = {"epoch", "lr"};
  for (const Json& item : golden("expressions")) {
    const double values[] = {item.at(1).get<double>(), item.at(2).get<double>()};
    EXPECT_DOUBLE_EQ(Expression(item.at(0).get<std::string>(), names)(values), item.at(3).get<double>()) << item.at(0);
  }
}

TEST(Expression, SaysWhereItIsNone) {
  const std::string names[] = {"epoch", "lr"};
  const auto message = [&](std::string_view text) -> std::string {
    try {
      Expression(text, names);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("lr * "),
            "lr * : expected a number, one of epoch, lr, or a function such as exp, found the end at character 6");
  EXPECT_EQ(message("lr * os.system(1)"),
            "lr * os.system(1): expected a number, one of epoch, lr, or a function such as exp, found `os.system(1)` "
            "at character 6");
  EXPECT_THAT(message("(lr"), HasSubstr("expected `)`, found the end at character 4"));
  EXPECT_THAT(message("lr lr"), HasSubstr("expected an operator or the end, found `lr` at character 4"));
  EXPECT_THAT(message("exp(1, 2)"), HasSubstr("expected 1 arguments of exp, found 2"));
  EXPECT_THAT(message(std::string(100000, '(')), HasSubstr("at most 64 brackets"));
}

}  // namespace
}  // namespace hoarfrost::training
