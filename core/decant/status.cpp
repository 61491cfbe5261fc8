// SPDX-License-Identifier: MIT
#include "decant/status.hpp"

#include <array>
#include <utility>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 30> reasons = {{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_status_line(std::string_view line) {
  return line.size() >= 4 && line[0] >= '1' && line[0] <= '9' &&
         is_digit(line[1]) && is_digit(line[2]) && line[3] == ' ' &&
         is_field_value(line);
}

}  // namespace

Status::Status(std::string_view line) : line_(line), code_(0) {
  if (!is_status_line(line)) {
    throw ApplicationError("start_response: the status " + quoted(line) +
                           " is not of the form \"200 OK\"; give three "
                           "digits, one space and a reason");
  }
  code_ = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

std::string standard_status(int code) {
  std::string line = std::to_string(code) + ' ';
  for (const auto& [known, reason] : reasons) {
    if (known == code) line += reason;
  }
  return line;
}

}  // namespace decant
