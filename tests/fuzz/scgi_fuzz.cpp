// SPDX-License-Identifier: MIT
// The codec of SCGI.
#include "decant/server/scgi/codec.hpp"
#include "variables_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::check_variables<decant::scgi::Codec>(fuzz::text_of(data, size));
  return 0;
}
