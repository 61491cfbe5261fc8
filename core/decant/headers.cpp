// SPDX-License-Identifier: MIT
#include "decant/headers.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "decant/byte_search.hpp"
#include "decant/error.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr auto token_table = make_token_table();

constexpr std::array<std::string_view, 9> hop_by_hop_names = {
    "connection", "keep-alive",        "proxy-authenticate",
    "te",         "transfer-encoding", "proxy-authorization",
    "trailer",    "trailers",          "upgrade"};

void check_name(std::string_view name) {
  if (!is_token(name)) {
    throw ApplicationError("start_response: header name " + quoted(name) +
                           " is not a token; use letters, digits and '-'");
  }
  if (equals_ignoring_case(name, "Status")) {
    throw ApplicationError(
        "start_response: a header named Status clashes with CGI; give the "
        "status as the first argument");
  }
  if (is_hop_by_hop(name)) {
    throw ApplicationError("start_response: " + std::string(name) +
                           " is a hop-by-hop header, which belongs to the "
                           "web server; leave it out, or have --lenient drop "
                           "it");
  }
}

/// A value that follows a good name.
void check_value(std::string_view name, std::string_view value) {
  if (is_field_value(value)) return;
  throw ApplicationError("start_response: the value of " + std::string(name) +
                         ", " + quoted(value) +
                         ", holds a control character; remove it");
}

}  // namespace

bool detail::same_ignoring_case(const char* a, const char* b,
                                std::size_t size) noexcept {
  return std::equal(a, a + size, b,
                    [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return &value;
  }
  return nullptr;
}

void remove_header(Headers& headers, std::string_view name) {
  std::erase_if(headers, [name](const auto& header) {
    return equals_ignoring_case(header.first, name);
  });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return token_table[static_cast<unsigned char>(c)];
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_field_value(std::string_view text) noexcept {
  // Eight bytes at a time while none is suspect.
  while (text.size() >= 8 &&
         detail::control_bytes(detail::word_at(text.data())) == 0) {
    text.remove_prefix(8);
  }
  return std::all_of(text.begin(), text.end(), detail::is_field_byte);
}

bool is_hop_by_hop(std::string_view name) noexcept {
  return std::any_of(
      hop_by_hop_names.begin(), hop_by_hop_names.end(),
      [name](std::string_view hop) { return equals_ignoring_case(name, hop); });
}

void append_head(std::string& out, std::string_view lead,
                 std::string_view status, const Headers& headers) {
  std::size_t size = lead.size() + status.size() + 4;
  for (const auto& [name, value] : headers) {
    size += name.size() + value.size() + 4;
  }
  const std::size_t before = out.size();
  out.resize(before + size);
  char* at = out.data() + before;
  const auto put = [&at](std::string_view text) {
    at = std::copy(text.begin(), text.end(), at);
  };
  put(lead);
  put(status);
  put("\r\n");
  for (const auto& [name, value] : headers) {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  put("\r\n");
}

std::optional<std::uint64_t> parse_content_length(
    std::string_view text) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (most - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

std::optional<std::uint64_t> check_headers(const Headers& headers) {
  std::optional<std::uint64_t> content_length;
  for (const auto& [name, value] : headers) {
    const bool is_length = equals_ignoring_case(name, "Content-Length");
    if (!is_length && name != "Content-Type") check_name(name);
    check_value(name, value);
    if (!is_length) continue;
    if (content_length) {
      throw ApplicationError(
          "start_response: Content-Length is given more than once; give it "
          "once or leave it out");
    }
    content_length = parse_content_length(value);
    if (!content_length) {
      throw ApplicationError("start_response: Content-Length " + quoted(value) +
                             " is not a number of bytes; give digits only");
    }
  }
  return content_length;
}

}  // namespace decant
