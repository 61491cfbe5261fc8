// SPDX-License-Identifier: MIT
// The head of an HTTP/1.x request: bytes in, verdict out, no I/O (RFC 9112
// sections 2 to 6). What two readers could take for different requests is
// refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/cgi_variables.hpp"
#include "decant/known_names.hpp"

namespace decant::http {

/// Largest request target in bytes; a longer one gives 414.
inline constexpr std::size_t most_target = 8192;

struct HeadLimits {
  std::size_t most_bytes = 65536;
  std::size_t most_fields = 100;
};

/// A header field under the name of its CGI variable (RFC 3875 section 4.1.18).
struct Field {
  std::string_view name;   ///< "HTTP_ACCEPT", "CONTENT_TYPE"
  std::string_view value;  ///< without the white space around it
  detail::NameId id = 0;   ///< of the name
};

/// A request as it was read: views into the bytes and into the parser.
struct RequestHead {
  std::string_view method;
  cgi_variables::Target target;
  std::string_view path;  ///< decoded once
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  /// Those that the application is to see, in order, Host among them.
  std::vector<Field> fields;

  bool has_body() const noexcept {
    return chunked || content_length.value_or(0) != 0;
  }
};

struct HeadScan {
  enum class State { incomplete, complete, refused };
  State state = State::incomplete;
  std::size_t size = 0;  ///< of a complete head
  int status = 0;        ///< of a refused one
  /// Why it is refused, for the log.
  std::string_view why = {};
};

/// Scans heads; keeps the memory behind the last one.
class HeadParser {
 public:
  /// Looks at the front of `bytes`. One whose size is beyond the limits is
  /// refused before all of it has come.
  HeadScan scan(std::string_view bytes, const HeadLimits& limits);
  /// The last complete head, valid until the next scan; of a refused one the
  /// method, if it was readable.
  const RequestHead& head() const noexcept { return head_; }

 private:
  HeadScan take_request_line(std::string_view line);
  HeadScan take_target(std::string_view text);
  HeadScan take_field(std::string_view& rest);
  bool make_name(std::string_view name, Field& field, bool& has_underscore);
  HeadScan take_known(detail::NameId header, std::string_view value);
  HeadScan take_length(std::string_view value);
  HeadScan take_expectation(std::string_view value);
  HeadScan take_host(std::string_view value);
  HeadScan check_codings();
  HeadScan finish();
  HeadScan decode_path();
  void take_connection_options();
  bool is_dropped(detail::NameId header) const;
  char* names_end() noexcept { return names_.data() + names_size_; }

  RequestHead head_;
  std::string names_;  // of the variables, and the decoded path
  std::size_t names_size_ = 0;
  std::string codings_;  // the values of Transfer-Encoding, joined
  std::string options_;  // the values of Connection, joined
  int hosts_ = 0;
  bool has_codings_ = false;
  bool has_options_ = false;
  bool has_type_ = false;
};

}  // namespace decant::http
