// SPDX-License-Identifier: MIT
// What a web server sends by SCGI and by uwsgi: CGI variables in front of a
// body, one request on a connection.
#pragma once

#include <string>
#include <string_view>

#include "support/process.hpp"

namespace decant::test {

/// "5:hello,"
std::string netstring(const std::string& text);
/// Names and values, each with a NUL behind it.
std::string scgi_variables(const Pairs& variables);
/// A request by SCGI.
std::string scgi_request(const Pairs& variables, std::string_view body = {});

/// A text behind its size in two bytes, the low one first.
std::string uwsgi_sized(const std::string& text);
/// Names and values, each of them sized.
std::string uwsgi_variables(const Pairs& variables);
/// The header of four bytes and what it tells of; `modifier` is its first.
std::string uwsgi_packet(int modifier, const std::string& text);
/// A request by uwsgi.
std::string uwsgi_request(const Pairs& variables, std::string_view body = {});

}  // namespace decant::test
