// What an action that must fail says.
#pragma once

#include <hoarfrost/error.h>

#include <functional>
#include <string>

namespace hoarfrost::testing_support {

// The message of the Error that it throws; "no error" where it throws none. Other exceptions pass.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace hoarfrost::testing_support
