// SPDX-License-Identifier: MIT
// A request as nginx passes it on, so that it has the size of a real one.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

struct RequestText {
  std::string method = "GET";
  std::string path = "/hello";
  std::string query;
  std::string length;  // of the body, in bytes
  std::string port = "51234";
  std::string cookie = "session=6f1c2b9ad04e47d8";
};

/// The variables of nginx's fastcgi_params and of a browser's headers.
std::array<std::pair<std::string_view, std::string>, 25> nginx_variables(
    const RequestText& request);

}  // namespace bench
