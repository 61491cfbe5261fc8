// SPDX-License-Identifier: MIT
#include "decant/error_page.hpp"

namespace decant {

ErrorPage::ErrorPage(int code)
    : status(standard_status(code)),
      headers{{"Content-Type", "text/plain"}},
      body(status.line() + '\n') {
  headers.emplace_back("Content-Length", std::to_string(body.size()));
}

}  // namespace decant
