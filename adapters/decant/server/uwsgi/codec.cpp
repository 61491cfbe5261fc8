// SPDX-License-Identifier: MIT
#include "decant/server/uwsgi/codec.hpp"

#include <cstdint>
#include <optional>

namespace decant::uwsgi {
namespace {

using detail::known;
using service::Scan;

constexpr std::size_t header_size = 4;
// The first modifier of a packet says what it is.
constexpr std::uint8_t request = 0;
constexpr std::uint8_t request_with_script_name = 30;
constexpr std::uint8_t ping = 100;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// 16 bits, little-endian.
std::size_t size_at(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) + std::size_t{byte_at(bytes, at + 1)} * 256;
}

void append_size(std::string& out, std::size_t size) {
  out += static_cast<char>(size & 0xFFU);
  out += static_cast<char>(size >> 8U & 0xFFU);
}

/// A name or a value, which is taken from the front; no value where it is not
/// there as a whole.
std::optional<std::string_view> take(std::string_view& text) {
  if (text.size() < 2) return std::nullopt;
  const std::size_t size = size_at(text, 0);
  if (text.size() - 2 < size) return std::nullopt;
  const std::string_view part = text.substr(2, size);
  text.remove_prefix(2 + size);
  return part;
}

/// Takes SCRIPT_NAME off PATH_INFO, which holds both.
void part_paths(Variables& variables) {
  const std::string_view script = variables.first(known("SCRIPT_NAME"));
  const std::string_view path = variables.first(known("PATH_INFO"));
  if (script.empty() || !path.starts_with(script)) return;
  const std::string_view rest = path.substr(script.size());
  if (rest.empty() || rest.front() == '/') {
    variables.set(known("PATH_INFO"), rest);
  }
}

}  // namespace

void Codec::answer(std::string& out, std::string_view /*piece*/) {
  out.append("\x64\0\0\1", header_size);
}

Scan Codec::scan_head(std::string_view bytes, Variables& variables) {
  const std::uint8_t kind = byte_at(bytes, 0);
  if (kind != request && kind != request_with_script_name && kind != ping) {
    return closed(
        "a packet that is no request, nor a ping; the first modifier is to be "
        "0");
  }
  if (bytes.size() < header_size) return {.size = header_size};
  const std::size_t length = size_at(bytes, 1);
  const std::size_t size = header_size + length;
  if (length > limits().max_params) return too_large();
  if (bytes.size() < size) return {.size = size};
  if (kind == ping) return {.state = Scan::State::between, .size = size};
  const Scan scan =
      take_pairs(bytes.substr(header_size, length), size, variables);
  if (kind == request_with_script_name) part_paths(variables);
  return scan;
}

Scan Codec::take_pairs(std::string_view text, std::size_t size,
                       Variables& variables) {
  variables.clear();
  std::string_view scheme;
  while (!text.empty()) {
    if (variables.size() == limits().max_param_count) return too_large();
    const auto name = take(text);
    const auto value = name ? take(text) : std::nullopt;
    if (!value) return {.state = Scan::State::malformed};
    if (*name == "UWSGI_SCHEME") scheme = *value;
    variables.emplace_back(*name, *value);
  }
  if (scheme == "https" && variables.last(known("HTTPS")).empty()) {
    variables.set(known("HTTPS"), "on");
  }
  return found(size, variables);
}

bool append_head(std::string& out, const Variables& variables) {
  constexpr std::size_t most = 65535;
  std::string pairs;
  for (const auto& [name, value] : variables) {
    for (const std::string_view text : {name, value}) {
      append_size(pairs, text.size());
      pairs += text;
    }
    if (pairs.size() > most) return false;
  }
  out += static_cast<char>(request);
  append_size(out, pairs.size());
  out += '\0';
  out += pairs;
  return true;
}

}  // namespace decant::uwsgi
