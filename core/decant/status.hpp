// SPDX-License-Identifier: MIT
// The status of a response: "200 OK" (PEP 3333, RFC 9110 section 15).
#pragma once

#include <string>
#include <string_view>

namespace decant {

/// A checked status: three digits, one space, a reason that may be empty.
class Status {
 public:
  /// Throws ApplicationError when `line` is not "999 Reason": three digits of
  /// which the first is not 0, one space, no control character.
  explicit Status(std::string_view line);

  int code() const noexcept { return code_; }
  /// The whole of it, "404 Not Found".
  const std::string& line() const noexcept { return line_; }

  /// 1xx, 204 and 304 have no content (RFC 9110 sections 15.2, 15.3.5,
  /// 15.4.5).
  bool has_content() const noexcept {
    return code_ >= 200 && code_ != 204 && code_ != 304;
  }

 private:
  std::string line_;
  int code_;
};

/// "404 Not Found" for 404; a code without a registered reason gives "599 ".
std::string standard_status(int code);

}  // namespace decant
