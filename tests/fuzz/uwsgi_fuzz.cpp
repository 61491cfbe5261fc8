// SPDX-License-Identifier: MIT
// The codec of uwsgi.
#include "decant/server/uwsgi/codec.hpp"
#include "variables_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::check_variables<decant::uwsgi::Codec>(fuzz::text_of(data, size));
  return 0;
}
