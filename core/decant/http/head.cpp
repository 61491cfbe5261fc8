// SPDX-License-Identifier: MIT
#include "decant/http/head.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "decant/byte_search.hpp"
#include "decant/headers.hpp"
#include "decant/http/known_headers.hpp"
#include "decant/http/lists.hpp"
#include "decant/path.hpp"

namespace decant::http {
namespace {

using detail::known;
using State = HeadScan::State;

constexpr std::size_t longest_method = 32;
/// Empty lines in front of a request, which RFC 9112 section 2.2 has a server
/// ignore: an old browser sent one behind a body.
constexpr std::size_t most_empty_lines = 2;
/// From so many bytes on, a head that is still incomplete is looked through for
/// its end before it is parsed again.
constexpr std::size_t worth_a_search = 2048;
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view variable_prefix = "HTTP_";

constexpr HeadScan good{.state = State::complete};

constexpr HeadScan refuse(int status, std::string_view why) {
  return {.state = State::refused, .status = status, .why = why};
}

constexpr bool is_good(const HeadScan& scan) {
  return scan.state == State::complete;
}

/// A token's characters as those of a variable's name; 0 for all others
/// (RFC 9110 section 5.6.2).
constexpr std::array<char, 256> make_name_table() {
  std::array<char, 256> table{};
  for (const char c : std::string_view("!#$%&'*+.^_`|~0123456789")) {
    table[static_cast<unsigned char>(c)] = c;
  }
  for (char c = 'A'; c <= 'Z'; ++c) {
    table[static_cast<unsigned char>(c)] = c;
    table[static_cast<unsigned char>(c - 'A' + 'a')] = c;
  }
  table['-'] = '_';
  return table;
}
constexpr std::array<char, 256> name_table = make_name_table();

/// The next line without its CRLF; no value where none has come as a whole.
struct Line {
  bool is_whole = false;
  bool is_sound = true;  ///< CRLF ends it, not LF alone
  std::string_view text = {};
};

Line take_line(std::string_view& rest) {
  const void* const end = std::memchr(rest.data(), '\n', rest.size());
  if (end == nullptr) return {};
  const auto size =
      static_cast<std::size_t>(static_cast<const char*>(end) - rest.data());
  Line line{.is_whole = true,
            .is_sound = size > 0 && rest[size - 1] == '\r',
            .text = rest.substr(0, size)};
  if (line.is_sound) line.text.remove_suffix(1);
  rest.remove_prefix(size + 1);
  return line;
}

/// True when the lines that have come cannot be a whole head, nor an unsound
/// one: then parsing them again would be in vain.
bool is_surely_incomplete(std::string_view bytes) {
  for (;;) {
    const Line line = take_line(bytes);
    if (!line.is_whole) return true;
    if (!line.is_sound || line.text.empty()) return false;
  }
}

/// A line without a colon is no field, once it has come.
HeadScan without_colon(std::string_view rest) {
  const bool is_whole = rest.find('\n') != std::string_view::npos;
  if (!is_whole) {
    const std::string_view name = rest.substr(0, rest.find('\r'));
    return name.size() == rest.size() && (rest.empty() || is_token(name))
               ? HeadScan{}
               : refuse(400, "a header field is not NAME: VALUE");
  }
  return rest.starts_with('\n')
             ? refuse(400, "LF without CR ends a line")
             : refuse(400, "a header field is not NAME: VALUE");
}

/// RFC 9112 section 2.3; the minor version, -1 for another one, -2 for none.
int minor_version(std::string_view text) {
  constexpr std::string_view name = "HTTP/";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != name.size() + 3 || !text.starts_with(name) ||
      !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) {
    return -2;
  }
  return text[5] == '1' ? text[7] - '0' : -1;
}

/// What has come of a request line that is not whole.
HeadScan check_beginning(std::string_view bytes) {
  // A record of TLS: 22 for a handshake, and version 3 (RFC 8446 section 5.1).
  if (bytes[0] == '\x16') {
    return refuse(400,
                  "a peer speaks TLS, as to https://, where HTTP is spoken");
  }
  const std::size_t space = bytes.find(' ');
  const std::string_view method = bytes.substr(0, space);
  const auto is_of_token = [](char c) {
    return name_table[static_cast<unsigned char>(c)] != 0;
  };
  const auto bad = std::find_if_not(method.begin(), method.end(), is_of_token);
  // A CR may be half of an empty line.
  if (bad != method.end() && !(*bad == '\r' && method.size() == 1)) {
    return refuse(400, "the request line is malformed");
  }
  if (method.size() > longest_method) {
    return refuse(501, "the method is too long");
  }
  if (bytes.size() > longest_method + most_target + 16) {
    return refuse(414, "the request target is longer than 8192 bytes");
  }
  return {};
}

}  // namespace

HeadScan HeadParser::scan(std::string_view bytes, const HeadLimits& limits) {
  const std::size_t whole = bytes.size();
  for (std::size_t i = 0; bytes.starts_with(line_end); ++i) {
    if (i == most_empty_lines) {
      return refuse(400, "empty lines in front of a request");
    }
    bytes.remove_prefix(line_end.size());
  }
  const std::size_t skipped = whole - bytes.size();
  const auto too_large = [&] {
    return refuse(431, "the head is beyond --max-params");
  };
  head_.method = {};
  if (bytes.empty()) return {};
  if (whole > worth_a_search && is_surely_incomplete(bytes)) {
    const HeadScan scan = check_beginning(bytes.substr(0, bytes.find('\r')));
    if (scan.state == State::refused) return scan;
    return bytes.size() > limits.most_bytes ? too_large() : HeadScan{};
  }
  std::string_view rest = bytes;
  const Line first = take_line(rest);
  if (!first.is_whole) return check_beginning(bytes);
  if (!first.is_sound) return refuse(400, "LF without CR ends a line");
  // Room for every name there can be, so that none moves: a name and its colon
  // grow by the prefix, a path does not grow.
  const std::size_t room = std::min(bytes.size(), limits.most_bytes) +
                           variable_prefix.size() * (limits.most_fields + 1);
  if (names_.size() < room) names_.resize(room);
  if (bytes.size() - rest.size() > limits.most_bytes) return too_large();
  names_size_ = 0;
  head_.fields.clear();
  std::size_t fields = 0;
  HeadScan scan = take_request_line(first.text);
  while (is_good(scan)) {
    if (rest.starts_with(line_end)) {
      const std::size_t size = bytes.size() - rest.size() + line_end.size();
      if (size > limits.most_bytes) return too_large();
      scan = finish();
      scan.size = skipped + size;
      return scan;
    }
    if (rest.size() < line_end.size() && line_end.starts_with(rest)) {
      scan = {};
    } else {
      if (++fields > limits.most_fields) return too_large();
      scan = take_field(rest);
    }
    const std::size_t size = bytes.size() - rest.size();
    if (size > limits.most_bytes ||
        (scan.state == State::incomplete && bytes.size() > limits.most_bytes)) {
      return too_large();
    }
  }
  return scan;
}

HeadScan HeadParser::take_request_line(std::string_view line) {
  const HeadScan malformed = refuse(400, "the request line is malformed");
  const HeadScan beginning = check_beginning(line.empty() ? " " : line);
  if (beginning.state == State::refused) return beginning;
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first == std::string_view::npos || first == last) {
    return malformed;
  }
  const int minor = minor_version(line.substr(last + 1));
  if (minor == -2) return malformed;
  if (minor == -1) return refuse(505, "another version than HTTP/1");
  head_.method = line.substr(0, first);
  head_.http_1_0 = minor == 0;
  head_.keep_alive = minor != 0;
  head_.expects_continue = head_.chunked = false;
  head_.content_length.reset();
  hosts_ = 0;
  has_codings_ = has_options_ = has_type_ = false;
  return take_target(line.substr(first + 1, last - first - 1));
}

HeadScan HeadParser::take_target(std::string_view text) {
  if (text.size() > most_target) {
    return refuse(414, "the request target is longer than 8192 bytes");
  }
  if (head_.method == "CONNECT") return refuse(501, "CONNECT is not served");
  // RFC 9112 section 3.2: no form of a target has a fragment.
  const auto target = text.find('#') == std::string_view::npos
                          ? cgi_variables::Target::parse(head_.method, text)
                          : std::nullopt;
  if (!target) return refuse(400, "the request target is malformed");
  head_.target = *target;
  return decode_path();
}

HeadScan HeadParser::decode_path() {
  const std::string_view path = head_.target.path;
  std::size_t next = path.find('%');
  head_.path = path;
  if (next == std::string_view::npos) return good;
  char* const begin = names_end();
  char* at = std::copy_n(path.begin(), next, begin);
  for (; next < path.size(); ++next) {
    char c = path[next];
    if (c == '%') {
      const int high = next + 2 < path.size() ? hex_digit(path[next + 1]) : -1;
      const int low = next + 2 < path.size() ? hex_digit(path[next + 2]) : -1;
      if (high < 0 || low < 0 || (high == 0 && low == 0)) {
        return refuse(400, "the path is not percent-encoded");
      }
      c = static_cast<char>(high * 16 + low);
      next += 2;
    }
    *at++ = c;
  }
  head_.path = {begin, static_cast<std::size_t>(at - begin)};
  names_size_ += head_.path.size();
  return good;
}

/// A field and the CRLF behind it, which are taken from the front of `rest`.
HeadScan HeadParser::take_field(std::string_view& rest) {
  const char* const end = rest.data() + rest.size();
  const char* const colon = detail::find_byte(rest.data(), end, ':');
  if (colon == end) return without_colon(rest);
  const std::string_view name(rest.data(),
                              static_cast<std::size_t>(colon - rest.data()));
  if (names_size_ + variable_prefix.size() + name.size() > names_.size()) {
    return refuse(431, "the head is beyond --max-params");
  }
  const char* const stop = detail::find_control(colon + 1, end);
  if (stop == end || (stop + 1 == end && *stop == '\r')) {
    return is_token(name) ? HeadScan{}
                          : refuse(400, "the name of a header is no token");
  }
  Field field;
  detail::NameId header = 0;
  bool has_underscore = false;
  const KnownHeader* const known_header =
      rest.size() >= 8 ? find_known(name) : nullptr;
  if (known_header != nullptr) {
    header = known_header->id;
    field.id = known_header->variable;
    field.name = detail::known_names[field.id - 1U];
  } else if (!make_name(name, field, has_underscore)) {
    return refuse(400, "the name of a header is no token");
  }
  if (*stop == '\n') return refuse(400, "LF without CR ends a line");
  if (*stop != '\r' || stop[1] != '\n') {
    return refuse(400, "a header field holds control characters");
  }
  field.value = trimmed({colon + 1, stop});
  rest.remove_prefix(static_cast<std::size_t>(stop + 2 - rest.data()));
  // A name with '_' would pass for one with '-'.
  if (has_underscore) return good;
  const HeadScan scan = header != 0 ? take_known(header, field.value) : good;
  if (is_good(scan) && !is_dropped(header)) head_.fields.push_back(field);
  return scan;
}

/// The name of the variable, where the field is not a known one.
bool HeadParser::make_name(std::string_view name, Field& field,
                           bool& has_underscore) {
  char* const begin = names_end();
  char* at = std::copy(variable_prefix.begin(), variable_prefix.end(), begin);
  bool is_token = !name.empty();
  bool underscore = false;
  for (const char c : name) {
    const char mapped = name_table[static_cast<unsigned char>(c)];
    is_token = is_token && mapped != 0;
    underscore = underscore || c == '_';
    *at++ = mapped;
  }
  has_underscore = underscore;
  field.name = {begin, static_cast<std::size_t>(at - begin)};
  field.id = 0;
  if (!underscore) names_size_ += field.name.size();
  return is_token;
}

bool HeadParser::is_dropped(detail::NameId header) const {
  return header == known("HTTP_TRANSFER_ENCODING") ||
         header == known("HTTP_PROXY") ||
         // An absolute target outranks it (RFC 9112 section 3.2.2).
         (header == known("HTTP_HOST") && !head_.target.authority.empty());
}

HeadScan HeadParser::take_known(detail::NameId header, std::string_view value) {
  switch (header) {
    case known("HTTP_HOST"):
      return take_host(value);
    case known("HTTP_CONTENT_LENGTH"):
      return take_length(value);
    case known("HTTP_CONTENT_TYPE"):
      if (std::exchange(has_type_, true)) {
        return refuse(400, "Content-Type comes twice");
      }
      return good;
    case known("HTTP_TRANSFER_ENCODING"):
      if (!std::exchange(has_codings_, true)) codings_.clear();
      append_list(codings_, value);
      return good;
    case known("HTTP_CONNECTION"):
      if (!std::exchange(has_options_, true)) options_.clear();
      append_list(options_, value);
      return good;
    case known("HTTP_EXPECT"):
      return take_expectation(value);
    default:
      return good;
  }
}

HeadScan HeadParser::take_length(std::string_view value) {
  if (head_.content_length) return refuse(400, "Content-Length comes twice");
  head_.content_length = parse_content_length(value);
  return head_.content_length ? good
                              : refuse(400, "Content-Length is not a number");
}

/// RFC 9110 section 10.1.1; a client of HTTP/1.0 does not know it.
HeadScan HeadParser::take_expectation(std::string_view value) {
  if (head_.http_1_0) return good;
  head_.expects_continue = equals_ignoring_case(value, "100-continue");
  return head_.expects_continue ? good : refuse(417, "another expectation");
}

HeadScan HeadParser::take_host(std::string_view value) {
  if (++hosts_ > 1) return refuse(400, "Host comes twice");
  return value.empty() || cgi_variables::is_host(value)
             ? good
             : refuse(400, "Host is none");
}

/// RFC 9112 sections 6.1 and 6.3: what is no chunked body at its end has none,
/// and a second reader may find another one.
HeadScan HeadParser::check_codings() {
  if (head_.http_1_0) {
    return refuse(400, "Transfer-Encoding in HTTP/1.0");
  }
  if (head_.content_length) {
    return refuse(400, "Content-Length and Transfer-Encoding come together");
  }
  std::string_view rest = codings_;
  std::size_t count = 0;
  bool is_chunked = false;
  bool is_token_list = true;
  while (auto coding = next_of_list(rest)) {
    if (is_chunked) return refuse(400, "a transfer coding behind chunked");
    is_chunked = equals_ignoring_case(*coding, "chunked");
    is_token_list = is_token_list && is_token(*coding);
    ++count;
  }
  if (!is_chunked || !is_token_list) {
    return refuse(400, "Transfer-Encoding does not end in chunked");
  }
  if (count > 1) return refuse(501, "another transfer coding than chunked");
  head_.chunked = true;
  return good;
}

/// RFC 9112 section 9.3 and RFC 9110 section 7.6.1.
void HeadParser::take_connection_options() {
  std::string_view rest = options_;
  bool keeps = false;
  bool closes = false;
  std::string variable;
  while (auto option = next_of_list(rest)) {
    keeps = keeps || equals_ignoring_case(*option, "keep-alive");
    closes = closes || equals_ignoring_case(*option, "close");
    variable = variable_prefix;
    for (const char c : *option) {
      variable += name_table[static_cast<unsigned char>(c)];
    }
    // These belong to the message, whatever Connection says.
    if (variable == "HTTP_HOST" || variable == "HTTP_CONNECTION") continue;
    std::erase_if(head_.fields,
                  [&](const Field& it) { return it.name == variable; });
  }
  head_.keep_alive = !closes && (keeps || !head_.http_1_0);
}

HeadScan HeadParser::finish() {
  if (hosts_ == 0 && !head_.http_1_0) return refuse(400, "there is no Host");
  if (has_codings_) {
    if (const HeadScan scan = check_codings(); !is_good(scan)) return scan;
  }
  if (has_options_) take_connection_options();
  head_.expects_continue = head_.expects_continue && head_.has_body();
  return good;
}

}  // namespace decant::http
