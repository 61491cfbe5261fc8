// SPDX-License-Identifier: MIT
#include "decant/server/warm/handover.hpp"

#include "decant/number.hpp"

namespace decant::warm {
namespace {

/// The version is the last of it: who speaks another one is not understood.
constexpr std::string_view magic = "decant warm 1\n";
constexpr std::size_t size_size = 4;
constexpr std::size_t header_size = magic.size() + 1 + 2 * size_size;

void append_size(std::string& out, std::size_t size) {
  for (std::size_t i = 0; i < size_size; ++i) {
    out += static_cast<char>(size >> (8 * i) & 0xFF);
  }
}

std::size_t size_at(std::string_view bytes, std::size_t at) {
  std::size_t size = 0;
  for (std::size_t i = size_size; i-- > 0;) {
    size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return size;
}

bool is_kind(char byte) {
  const auto kind = static_cast<Kind>(byte);
  return kind == Kind::request || kind == Kind::status || kind == Kind::stop;
}

}  // namespace

bool encode(std::string& out, const HandOver& message) {
  const std::size_t size =
      header_size + message.identity.size() + message.environment.size();
  if (size > most_message) return false;
  out.reserve(out.size() + size);
  out += magic;
  out += static_cast<char>(message.kind);
  append_size(out, message.identity.size());
  append_size(out, message.environment.size());
  out += message.identity;
  out += message.environment;
  return true;
}

std::optional<HandOver> decode(std::string_view bytes) {
  if (bytes.size() < header_size || bytes.size() > most_message ||
      !bytes.starts_with(magic) || !is_kind(bytes[magic.size()])) {
    return std::nullopt;
  }
  const std::size_t identity = size_at(bytes, magic.size() + 1);
  const std::size_t environment = size_at(bytes, magic.size() + 1 + size_size);
  const std::size_t left = bytes.size() - header_size;
  if (identity > left || environment != left - identity) return std::nullopt;
  HandOver message{.kind = static_cast<Kind>(bytes[magic.size()]),
                   .identity = bytes.substr(header_size, identity),
                   .environment = bytes.substr(header_size + identity)};
  if (!message.environment.empty() && message.environment.back() != '\0') {
    return std::nullopt;
  }
  return message;
}

void take_variables(std::string_view environment, Variables& variables) {
  while (!environment.empty()) {
    const std::string_view entry =
        environment.substr(0, environment.find('\0'));
    environment.remove_prefix(entry.size() + 1);
    variables.emplace_assignment(entry);
  }
}

std::string encode_exit(int status) {
  return {'E', static_cast<char>(status & 0xFF)};
}

std::optional<int> decode_exit(std::string_view bytes) {
  if (bytes.size() != 2 || bytes[0] != 'E') return std::nullopt;
  return static_cast<unsigned char>(bytes[1]);
}

std::string encode_report(const Report& report) {
  return std::to_string(report.pid) + ' ' + std::to_string(report.requests) +
         ' ' + std::to_string(report.seconds) + ' ' + report.app;
}

std::optional<Report> decode_report(std::string_view bytes) {
  Report report;
  for (std::uint64_t* const figure :
       {&report.pid, &report.requests, &report.seconds}) {
    const std::size_t end = bytes.find(' ');
    if (end == std::string_view::npos) return std::nullopt;
    const auto number = parse_number<std::uint64_t>(bytes.substr(0, end));
    if (!number) return std::nullopt;
    *figure = *number;
    bytes.remove_prefix(end + 1);
  }
  report.app = bytes;
  return report;
}

}  // namespace decant::warm
