// SPDX-License-Identifier: MIT
#include "decant/path.hpp"

#include <algorithm>

namespace decant {
namespace {

/// `text` with every %XX decoded, and `plus` for each '+'.
std::string decoded(std::string_view text, char plus) {
  std::string out(text.size(), '\0');
  char* to = out.data();
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++at) {
    if (*at == '%' && end - at > 2) {
      const int high = hex_digit(at[1]);
      const int low = hex_digit(at[2]);
      if (high >= 0 && low >= 0) {
        *to++ = static_cast<char>(high * 16 + low);
        at += 2;
        continue;
      }
    }
    *to++ = *at == '+' ? plus : *at;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

/// Letters, digits and `plain` stay.
void append_encoded(std::string& out, std::string_view text,
                    std::string_view plain) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9') || plain.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

}  // namespace

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string canonical_mount(std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty() || prefix.starts_with('/')) return std::string(prefix);
  return '/' + std::string(prefix);
}

bool is_beneath(std::string_view path, std::string_view mount) noexcept {
  return path.starts_with(mount) &&
         (path.size() == mount.size() || path[mount.size()] == '/');
}

std::string percent_decoded(std::string_view text) {
  return decoded(text, '+');
}

std::string form_decoded(std::string_view text) {
  return decoded(text, ' ');
}

std::string percent_encoded(std::string_view path) {
  std::string out;
  append_encoded(out, path, "-._~!$&'()*+,;=:@/");
  return out;
}

std::string reference_encoded(std::string_view reference) {
  std::string out;
  append_encoded(out, reference, "-._~:/?#[]@!$&'()*+,;=%");
  return out;
}

std::string form_encoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    append_encoded(out, text.substr(0, blank), "*-._");
    if (blank == text.size()) break;
    out += '+';
    text.remove_prefix(blank + 1);
  }
  return out;
}

}  // namespace decant
