// SPDX-License-Identifier: MIT
// The HTTP reader of the runner: refused with a status, or a head whose parts
// are what they should be, as often as requests come.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "decant/server/http_message.hpp"
#include "target.hpp"

namespace decant {

using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const Descriptor file(::memfd_create("fuzz", MFD_CLOEXEC));
  require(::ftruncate(file.get(), 0) == 0 &&
              ::lseek(file.get(), 0, SEEK_SET) == 0 &&
              write_all(file.get(), fuzz::text_of(data, size)) &&
              ::lseek(file.get(), 0, SEEK_SET) == 0,
          "no file");
  http::RequestReader reader(file.get());
  std::size_t body = 0;
  try {
    while (const auto head = reader.read_head()) {
      require(is_token(head->method), "a bad method");
      require(!head->target.empty(), "no target");
      for (const char c : head->target) {
        require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F,
                "a target with blanks or control characters");
      }
      for (const auto& [name, value] : head->headers) {
        require(is_token(name), "a name is no token");
        require(is_field_value(value), "a value holds control characters");
      }
      std::array<char, 64> buffer;
      while (const std::size_t got = reader.read_body(buffer)) body += got;
      if (!head->keep_alive) break;
    }
  } catch (const GatewayError& error) {
    require(error.status() >= 400 && error.status() <= 505, "another status");
  }
  require(body <= size, "a body longer than what came");
  return 0;
}

}  // namespace decant
