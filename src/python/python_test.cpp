// The function of each case was compiled and marshalled by that CPython itself:
//   lambda x, k=2: K.abs(x[:, 1:] - k) / 255.0 if k > 1 else [y * 3 for y in (1, 2)]
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>

#include "python/expression.h"
#include "python/interpret.h"
#include "python/marshal.h"

namespace hoarfrost::python {
namespace {

struct Marshalled {
  int version;
  const char* hex;
};

constexpr Marshalled kCodes[] = {
    {kPython27,
     "630200000003000000050000004300000073520000007c01006401006b04007237007400006a01007c0000640000640000850200640100640"
     "000850200660200197c0100188301006402001553670000640500445d10007d02007c0200640400145e0200713e005328060000004e690100"
     "0000670000000000e06f4069020000006903000000280200000069010000006902000000280200000074010000004b7403000000616273280"
     "300000074010000007874010000006b7401000000792800000000280000000074010000006d74080000003c6c616d6264613e010000007400"
     "000000"},
    {6,
     "e3020000000000000002000000050000004300000073380000007c0164016b04722a74006a017c00640064008502640164008502660219007"
     "c011800830164021b005300640364048400640644008301530029074ee901000000670000000000e06f406301000000000000000200000004"
     "00000053000000731400000067007c005d0c7d017c01640014009102710453002901e903000000a9002902da022e30da01797203000000720"
     "3000000da016dfa0a3c6c697374636f6d703e01000000730200000006007a1c3c6c616d6264613e2e3c6c6f63616c733e2e3c6c697374636f"
     "6d703ee9020000002902720100000072080000002902da014bda036162732902da0178da016b720300000072030000007206000000da083c6"
     "c616d6264613e010000007300000000"},
    {7,
     "e3020000000000000002000000060000004300000073380000007c0164016b04722a7400a0017c00640064008502640164008502660219007"
     "c011800a10164021b005300640364048400640544008301530029064ee901000000670000000000e06f406301000000000000000200000004"
     "00000053000000731400000067007c005d0c7d017c01640014009102710453002901e903000000a9002902da022e30da01797203000000720"
     "3000000da016dfa0a3c6c697374636f6d703e01000000730200000006007a1c3c6c616d6264613e2e3c6c6f63616c733e2e3c6c697374636f"
     "6d703e29027201000000e9020000002902da014bda036162732902da0178da016b720300000072030000007206000000da083c6c616d62646"
     "13e01000000f300000000"},
    {8,
     "e302000000000000000000000002000000060000004300000073380000007c0164016b04722a7400a0017c006400640085026401640085026"
     "60219007c011800a10164021b005300640364048400640544008301530029064ee901000000670000000000e06f4063010000000000000000"
     "000000020000000400000053000000731400000067007c005d0c7d017c01640014009102710453002901e903000000a9002902da022e30da0"
     "17972030000007203000000da016dda0a3c6c697374636f6d703e010000007304000000060002007a1c3c6c616d6264613e2e3c6c6f63616c"
     "733e2e3c6c697374636f6d703e29027201000000e9020000002902da014bda036162732902da0178da016b720300000072030000007206000"
     "000da083c6c616d6264613e01000000f300000000"},
    {9,
     "e302000000000000000000000002000000060000004300000073380000007c0164016b04722a7400a0017c006400640085026401640085026"
     "60219007c011800a10164021b005300640364048400640544008301530029064ee901000000670000000000e06f4063010000000000000000"
     "000000020000000400000053000000731400000067007c005d0c7d017c01640014009102710453002901e903000000a9002902da022e30da0"
     "17972030000007203000000da016dda0a3c6c697374636f6d703e01000000f3000000007a1c3c6c616d6264613e2e3c6c6f63616c733e2e3c"
     "6c697374636f6d703e29027201000000e9020000002902da014bda036162732902da0178da016b720300000072030000007206000000da083"
     "c6c616d6264613e010000007208000000"},
    {10,
     "e302000000000000000000000002000000060000004300000073380000007c0164016b0472157400a0017c006400640085026401640085026"
     "60219007c011800a10164021b005300640364048400640544008301530029064ee901000000670000000000e06f4063010000000000000000"
     "000000020000000400000053000000731400000067007c005d067d017c01640014009102710253002901e903000000a9002902da022e30da0"
     "17972030000007203000000da016dda0a3c6c697374636f6d703e01000000730200000014007a1c3c6c616d6264613e2e3c6c6f63616c733e"
     "2e3c6c697374636f6d703e29027201000000e9020000002902da014bda036162732902da0178da016b720300000072030000007206000000d"
     "a083c6c616d6264613e0100000073020000003800"},
    {11,
     "e30200000000000000000000000600000003000000f37e00000097007c0164016b0400000000722c740000000000000000000000a00100000"
     "000000000000000000000000000000000007c006400640085026401640085026602190000000000000000007c017a0a0000a6010000ab0100"
     "0000000000000064027a0b00006e0b6403840064044400a6000000ab000000000000000000530029054ee901000000670000000000e06f406"
     "30100000000000000000000000400000013000000f318000000970067007c005d077d017c0164007a05000091028c0853002901e903000000"
     "a9002902da022e30da017973020000002020da016dfa0a3c6c697374636f6d703e7a1c3c6c616d6264613e2e3c6c6f63616c733e2e3c6c697"
     "374636f6d703e01000000731c0000008000d03950d03950d03950c041b821b861b925d03950d03950d03950f30000000029027202000000e9"
     "020000002902da014bda036162732902da0178da016b730200000020207208000000fa083c6c616d6264613e7210000000010000007347000"
     "0008000a861b021aa65a8658d718f758a75905190719071907198219822982290759458a001915cd10f22d40f22a055d10f2ad00f2ad03950"
     "d03950c816d03950d13950d439508000720a000000"},
    {12,
     "e30200000000000000000000000600000003000000f38400000097007c0164016b4400007224740000000000000000006a030000000000000"
     "000000000000000000000007c006400640085026401640085026602190000007c017a0a0000ab0100000000000064027a0b00005300640344"
     "008f026302670063025d0700007d027c0264047a05000091028c09040063027d0253006302010063027d02770029054ee9010000006700000"
     "00000e06f4029027202000000e902000000e9030000002902da014bda036162732903da0178da016bda01797303000000202020da016dfa08"
     "3c6c616d6264613e720b00000001000000733e0000008000a861b021aa658c718f758975905192719821992290759158a001915cd30f22a05"
     "5d10f2a8000c816d63950c041b821b861bb25d239508000f9d239507304000000ae0c3d04"},
    {13,
     "e30200000000000000000000000600000003000000f3880000009500550153013a940000612400005b0000000000000000005203000000000"
     "000000000000000000000000000550053005300320253015300320234020500000055012d0a0000350100000000000053022d0b0000240053"
     "031300560273022f007302480700006f2253042d05000050024d0900000b00200073026e0224007302200073026e02660029054ee90100000"
     "0670000000000e06f4029027202000000e902000000e9030000002902da014bda036162732903da0178da016bda01797303000000202020da"
     "016dda083c6c616d6264613e720b0000000100000073420000008000a861b021ab658c718f758975905192719821992290759158a001915cd"
     "30f22a055d10f2ad00f50c916d33950c916c041b861bc25c916d13950d00f50f9d239507304000000af0d3f04"},
};

std::string bytes_of(std::string_view hex) {
  std::string result;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    result += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return result;
}

// Writes down what it is asked; every answer is a tensor of its own.
class Recorder : public Semantics {
 public:
  Value global(const std::string& name) override { return Value::name(name); }
  Value attribute(const Value& object, const std::string& name) override {
    return Value::name(object.text + "." + name);
  }
  Value binary(std::string_view op, const Value& a, const Value& b) override {
    return said(fmt::format("{} {} {}", text(a), op == "classic/" ? "/" : op, text(b)));
  }
  Value unary(std::string_view op, const Value& a) override { return said(fmt::format("{} {}", op, text(a))); }
  Value compare(std::string_view op, const Value& a, const Value& b) override {
    return said(fmt::format("{} {} {}", text(a), op, text(b)));
  }
  Value subscript(const Value& object, const Value& key) override {
    return said(fmt::format("{}[{}]", text(object),
                            key.is(Value::Kind::kTuple) ? std::to_string(key.items->size()) : text(key)));
  }
  Value call(const Value& function, const std::vector<Value>& arguments, const Keywords& keywords) override {
    std::string all;
    for (const Value& argument : arguments) all += (all.empty() ? "" : ", ") + text(argument);
    for (const auto& [name, value] : keywords) all += fmt::format(", {}={}", name, text(value));
    return said(fmt::format("{}({})", function.text, all));
  }
  std::vector<std::string> lines;

 private:
  static std::string text(const Value& value) {
    return value.is(Value::Kind::kTensor) ? fmt::format("t{}", value.integer) : value.repr();
  }
  Value said(std::string line) {
    lines.push_back(std::move(line));
    return Value::tensor(lines.size());
  }
};

Value follow(const std::shared_ptr<const Code>& code, int version, Recorder& recorder, std::vector<Value> arguments) {
  Function function;
  function.code = code;
  function.defaults = {Value::whole(2)};
  Limits limits;
  return call_function(function, version, std::move(arguments), {}, recorder, limits);
}

TEST(Marshal, ReadsTheCodeOfEveryVersion) {
  for (const Marshalled& golden : kCodes) {
    SCOPED_TRACE(version_name(golden.version));
    const auto codes = read_code(bytes_of(golden.hex));
    ASSERT_EQ(codes.size(), 1U);
    EXPECT_EQ(codes[0]->name, "<lambda>");
    EXPECT_EQ(codes[0]->n_arguments, 2);
    EXPECT_TRUE(std::ranges::count(versions_of(*codes[0]), golden.version) == 1);
  }
}

TEST(Interpret, EveryVersionMeansTheSame) {
  for (const Marshalled& golden : kCodes) {
    const auto code = read_code(bytes_of(golden.hex))[0];
    for (const int version : versions_of(*code)) {
      SCOPED_TRACE(fmt::format("{} read as {}", version_name(golden.version), version_name(version)));
      Recorder recorder;
      const Value result = follow(code, version, recorder, {Value::tensor(0)});
      EXPECT_TRUE(result.is(Value::Kind::kTensor));
      EXPECT_EQ(recorder.lines, (std::vector<std::string>{"t0[2]", "t1 - 2", "K.abs(t2)", "t3 / 255"}));
      Recorder other;
      EXPECT_EQ(follow(code, version, other, {Value::tensor(0), Value::whole(1)}).repr(), "[3, 6]");
    }
  }
}

// No crash, no hang, no filled memory: whatever one byte becomes, and wherever the bytes end.
TEST(Marshal, BytesThatWereChangedAreRefusedOrRead) {
  const auto play = [](const std::string& bytes) {
    try {
      for (const auto& code : read_code(bytes)) {
        for (const int version : versions_of(*code)) {
          (void)listing(*code, version);
          Recorder recorder;
          (void)follow(code, version, recorder, {Value::tensor(0)});
        }
      }
    } catch (const Error& error) {
      EXPECT_FALSE(std::string_view(error.what()).empty());
    }
  };
  for (const Marshalled& golden : kCodes) {
    const std::string bytes = bytes_of(golden.hex);
    for (size_t i = 0; i < bytes.size(); ++i) {
      play(bytes.substr(0, i));
      for (const int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ change);
        play(changed);
      }
    }
  }
}

TEST(Marshal, DeepAndHugeBytesAreRefused) {
  const auto is_refused = [](const std::string& bytes) {
    try {
      (void)read_code(bytes);
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::kCorrupt;
    }
  };
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += bytes_of("2901");  // a tuple of one, in a tuple of one, …
  EXPECT_TRUE(is_refused(deep));
  EXPECT_TRUE(is_refused(bytes_of("28ffffff7f")));  // a tuple of 2^31 - 1
  EXPECT_TRUE(is_refused(bytes_of("6cffffff7f")));  // an integer of so many digits
  EXPECT_TRUE(is_refused(bytes_of("7205000000")));  // a reference to nothing
  EXPECT_TRUE(
      is_refused(bytes_of("a90172"
                          "00000000")));  // a tuple that holds itself
  EXPECT_TRUE(is_refused(""));
}

TEST(Expression, MeansWhatPythonMeans) {
  const std::map<std::string, std::string> cases = {{"2 + 3 * 4", "14"},
                                                    {"-2 ** 2", "-4"},
                                                    {"(1, 2) + (3,)", "(1, 2, 3)"},
                                                    {"7 // -2", "-4"},
                                                    {"7 % -2", "-1"},
                                                    {"[1, 2, 3][-1]", "3"},
                                                    {"[1, 2, 3][::-1]", "[3, 2, 1]"},
                                                    {"1 if 2 < 1 else 5", "5"},
                                                    {"not 0 and 3", "3"},
                                                    {"'ab' * 2", "'abab'"},
                                                    {"1e-3 * 1000", "1"},
                                                    {"2 ** 3 ** 2", "512"},
                                                    {"1 == 1.0", "True"},
                                                    {"a = 2; b = a * 3; a + b", "8"},
                                                    {"a = 1, 2; a == (1, 2)", "True"},
                                                    {"a = 1; a = a + 1; a", "2"}};
  for (const auto& [text, expected] : cases) {
    Recorder recorder;
    EXPECT_EQ(evaluate(text, {{"x", Value::tensor(0)}}, recorder).repr(), expected) << text;
  }
  Recorder recorder;
  (void)evaluate("lambda v: K.mean(v[:, 1:] / 255, axis=-1)", {{"x", Value::tensor(0)}}, recorder);
  EXPECT_EQ(recorder.lines, (std::vector<std::string>{"t0[2]", "t1 / 255", "K.mean(t2, axis=-1)"}));
}

TEST(Expression, WhatIsNoneIsRefusedWithItsPlace) {
  for (const char* text : {"x +", "(x", "x[1", "1 2", "f(a=1, 2)", "x if", "'a", "x..y", "", "@", "a = 1", "a = 1;",
                           "a = ; 2", "1 = 2; 3"}) {
    Recorder recorder;
    EXPECT_THROW((void)evaluate(text, {{"x", Value::tensor(0)}}, recorder), Error) << text;
  }
  Recorder recorder;
  EXPECT_THROW((void)evaluate(std::string(3000, '('), {{"x", Value::tensor(0)}}, recorder), Error);
}

}  // namespace
}  // namespace hoarfrost::python
