// The learning rate in the logs, where the callbacks that change it leave it.
#pragma once

#include <hoarfrost/callback.h>

#include <algorithm>

namespace hoarfrost::training {

// Keras' `logs["lr"]`: a float32, set or put at the end.
inline void log_rate(const Control& control, Logs& logs) {
  const auto rate = static_cast<double>(static_cast<float>(control.learning_rate()));
  const auto found = std::ranges::find(logs, "lr", &Logs::value_type::first);
  if (found != logs.end())
    found->second = rate;
  else
    logs.emplace_back("lr", rate);
}

}  // namespace hoarfrost::training
