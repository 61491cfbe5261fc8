// SPDX-License-Identifier: MIT
#include "decant/status.hpp"

#include <array>
#include <utility>

#include "decant/error.hpp"
#include "decant/headers.hpp"
#include "decant/text.hpp"

namespace decant {
namespace {

/// As the registry has them (RFC 9110 section 16.2.1).
constexpr std::array<std::pair<int, std::string_view>, 54> reasons = {{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
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
