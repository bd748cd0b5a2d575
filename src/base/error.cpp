#include <hoarfrost/error.h>

namespace hoarfrost {

Error::Error(ErrorCode code, std::string_view where, std::string_view message) : code_(code) {
  if (!where.empty()) text_.append(where).append(": ");
  text_.append(message);
}

Error& Error::within(std::string_view outer) {
  text_.insert(0, std::string(outer) + ": ");
  return *this;
}

}  // namespace hoarfrost
