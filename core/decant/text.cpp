// SPDX-License-Identifier: MIT
#include "decant/text.hpp"

#include <algorithm>

namespace decant {
namespace {

constexpr std::size_t most_quoted = 200;

bool is_control(unsigned char byte, unsigned char before) noexcept {
  const bool c1_in_utf8 = before == 0xC2 && byte >= 0x80 && byte <= 0x9F;
  return (byte < 0x20 && byte != '\t') || byte == 0x7F || c1_in_utf8;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_control(byte, before)) {
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
    before = byte;
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  append_escaped(out, text.substr(0, most_quoted));
  out += text.size() > most_quoted ? "...\"" : "\"";
  return out;
}

bool holds_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace decant
