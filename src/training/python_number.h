// Numbers as Python and NumPy print them.
#pragma once

#include <string>

namespace hoarfrost::training {

// repr(float): the fewest digits that read back as the number; 0.1, 1.0, 1e-05, 1e+16, nan, inf.
std::string python_repr(double value);
// str(numpy.float32): the fewest digits that read back as the float; with an exponent below 1e-4 and from 1e16 on.
std::string python_str(float value);

}  // namespace hoarfrost::training
