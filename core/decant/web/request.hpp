// SPDX-License-Identifier: MIT
// A request as an application would rather read it: a thin object over the
// environ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/byte_ranges.hpp"
#include "decant/environ.hpp"
#include "decant/preconditions.hpp"
#include "decant/web/fields.hpp"
#include "decant/web/form.hpp"

namespace decant::web {

/// What a client says who it is (RFC 7617).
struct BasicCredentials {
  std::string user;
  std::string password;
};

/// Reads what it is asked for from an environ, which it borrows, and no earlier
/// than it is asked. The views it gives stay valid until the request has ended.
/// Made anew for the same environ it has the same body and the same form.
/// Everything it gives was sent by a client, but for remote_address().
class Request {
 public:
  explicit Request(Environ& env, const FormLimits& limits = {})
      : env_(env), limits_(limits) {}

  Environ& env() const noexcept { return env_; }

  std::string_view method() const { return env_["REQUEST_METHOD"]; }
  /// What stands before path() in the URL, decoded; "" at the root.
  std::string_view script_name() const { return env_["SCRIPT_NAME"]; }
  /// PATH_INFO: decoded once, so that %2F is a slash like others.
  std::string_view path() const { return env_["PATH_INFO"]; }
  std::string_view query_string() const { return env_["QUERY_STRING"]; }
  /// "http" or "https".
  std::string_view scheme() const { return env_.url_scheme(); }
  /// "example.org:8080" as the client names it; where that is no host, the
  /// server's own name. A client may name any: not for links in mails.
  std::string host() const;
  /// All of it, as "http://example.org/a%20b?c=d" (PEP 3333, "URL
  /// Reconstruction").
  std::string url() const;
  /// REMOTE_ADDR: of the client, or of the last proxy that is not trusted.
  std::string_view remote_address() const { return env_["REMOTE_ADDR"]; }

  /// The query. Throws FormError (413) for more than most_fields.
  const Fields& args() const;
  const Fields& cookies() const;

  /// The value of a header, empty when absent; what came several times is
  /// joined by commas. "User-Agent" and "user-agent" are the same.
  std::string_view header(std::string_view name) const;
  /// All of them, as far as CGI tells their names: "User-Agent: x" has become
  /// HTTP_USER_AGENT.
  Headers headers() const;
  /// "text/html" of "text/html; charset=utf-8", in small letters.
  std::string media_type() const;

  /// The fields of a form, url-encoded or multipart. The first call reads it,
  /// and throws FormError: 415 for what is no form, 413 beyond a limit, 400 for
  /// what is malformed. A request without a body and a type has none.
  const Fields& form() const { return form_data().fields(); }
  /// The files of a form.
  const std::vector<UploadedFile>& files() const { return form_data().files(); }
  /// The first file of that field, null when there is none.
  const UploadedFile* file(std::string_view name) const {
    return form_data().file(name);
  }
  /// A form of files part by part, for one that is not to be kept. Throws
  /// FormError (415) for what is no multipart/form-data.
  MultipartReader multipart() const;

  /// The whole body. The first call reads it, and throws FormError (413) when
  /// it has more than `most` bytes. Throws ApplicationError after form() or
  /// multipart() have read it.
  const std::string& body(std::size_t most = 1 << 20) const;
  /// The same of a type that is JSON's; FormError (415) for another. The parser
  /// is yours.
  const std::string& json(std::size_t most = 1 << 20) const;

  /// The offer that the client wants most, of equals the first; nothing when it
  /// wants none of them (406). See <decant/web/accept.hpp>.
  std::optional<std::string_view> best_type(
      std::initializer_list<std::string_view> offers) const;
  std::optional<std::string_view> best_language(
      std::initializer_list<std::string_view> offers) const;
  std::optional<std::string_view> best_encoding(
      std::initializer_list<std::string_view> offers) const;

  /// Entity tags with their quotes; none where the field is "*" or absent.
  std::vector<std::string_view> if_match() const;
  std::vector<std::string_view> if_none_match() const;
  /// Seconds since the epoch; no value where absent or no date.
  std::optional<std::time_t> if_modified_since() const;
  std::optional<std::time_t> if_unmodified_since() const;
  /// 200 when the request is to be answered, 304 when the client has it, 412
  /// when it wants something else (RFC 9110 section 13.2.2), for any method.
  int check(const Validators& validators) const;
  /// The ranges that are asked for, of `size` bytes (RFC 9110 section 14.2).
  ByteRanges ranges(const Validators& validators, std::uint64_t size) const {
    return asked_ranges(env_, validators, size);
  }
  /// The same where one is sent; several are the whole.
  ByteRange range(const Validators& validators, std::uint64_t size) const {
    return asked_range(env_, validators, size);
  }

  /// Of "Authorization: Basic ..."; nothing for another or a malformed one.
  std::optional<BasicCredentials> basic_authorization() const;
  /// The token of "Authorization: Bearer ..." (RFC 6750 section 2.1); empty for
  /// another or a malformed one.
  std::string_view bearer_token() const;

 private:
  const Form& form_data() const;
  ReadBytes reader() const;
  std::string_view credentials(std::string_view scheme) const;

  Environ& env_;
  FormLimits limits_;
  mutable std::optional<Fields> args_;
  mutable std::optional<Fields> cookies_;
};

}  // namespace decant::web
