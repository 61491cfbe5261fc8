// SPDX-License-Identifier: MIT
#include "support/variables_wire.hpp"

namespace decant::test {

std::string netstring(const std::string& text) {
  return std::to_string(text.size()) + ':' + text + ',';
}

std::string scgi_variables(const Pairs& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += name + '\0' + value + '\0';
  }
  return text;
}

std::string scgi_request(const Pairs& variables, std::string_view body) {
  return netstring(scgi_variables(variables)).append(body);
}

std::string uwsgi_sized(const std::string& text) {
  return std::string{static_cast<char>(text.size() & 255U),
                     static_cast<char>(text.size() >> 8U)} +
         text;
}

std::string uwsgi_variables(const Pairs& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += uwsgi_sized(name) + uwsgi_sized(value);
  }
  return text;
}

std::string uwsgi_packet(int modifier, const std::string& text) {
  std::string packet = static_cast<char>(modifier) + uwsgi_sized(text);
  packet.insert(3, 1, '\0');
  return packet;
}

std::string uwsgi_request(const Pairs& variables, std::string_view body) {
  return uwsgi_packet(0, uwsgi_variables(variables)).append(body);
}

}  // namespace decant::test
