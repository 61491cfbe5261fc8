// SPDX-License-Identifier: MIT
// In the place of libfcgi.cpp where the library cannot be linked: what is
// loaded into a process must be position-independent, and Debian's libfcgi.a is
// not.
#include "decant/error.hpp"
#include "decant/server/fastcgi/libfcgi.hpp"

namespace decant::fastcgi {

void prepare_libfcgi() {
  throw UsageError(
      "--engine: libfcgi is not part of the Python package; leave the option "
      "out, or use the decant command");
}

void require_trusted_peer(const service::Listener&) {}

std::unique_ptr<service::Protocol> make_libfcgi(const service::Served&,
                                                std::unique_ptr<Codec>,
                                                service::Observer*) {
  return nullptr;  // prepare_libfcgi() has refused
}

}  // namespace decant::fastcgi
