// Tables for people.
#pragma once

#include <string>
#include <vector>

namespace hoarfrost {

// Rows under a header, columns padded to their widest cell. Columns whose cells are all numbers stand to the right.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

}  // namespace hoarfrost
