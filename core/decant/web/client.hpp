// SPDX-License-Identifier: MIT
// A client for tests, which asks an application through the gateway, in the
// same process: what it sees is what a web server would be sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decant/application.hpp"
#include "decant/gateway.hpp"
#include "decant/headers.hpp"
#include "decant/web/cookie_jar.hpp"
#include "decant/web/fields.hpp"

namespace decant::web {

/// What was answered.
struct Reply {
  int status = 0;           ///< 0 where nothing was, since nobody was left
  std::string status_line;  ///< "200 OK"
  Headers headers;
  std::string body;
  /// Where from: the last URL where redirects were followed.
  std::string url;
  /// Other than complete where a web server would see a failure.
  Outcome outcome = Outcome::complete;
  /// What went to the log, the gateway's own complaints among it.
  std::string log;

  /// The first value of a header, empty when absent.
  std::string_view header(std::string_view name) const;
};

/// A file to be sent.
struct Upload {
  std::string name;  ///< of the field
  std::string filename;
  std::string content_type;
  std::string content;
};

/// What is sent along.
struct Payload {
  /// A form, url-encoded.
  static Payload form(const Fields& fields);
  /// A form with files, multipart/form-data.
  static Payload multipart(const Fields& fields,
                           const std::vector<Upload>& files);
  /// A text that is JSON already.
  static Payload json(std::string text);

  std::string type;  ///< Content-Type; empty: none
  std::string data;
};

struct ClientOptions {
  /// Holds both sides to the contract, as lint() does.
  bool lint = true;
  /// How many redirects one call may follow.
  int redirects = 0;
  /// What a target without a host belongs to.
  std::string origin = "http://localhost";
};

/// Asks an application, and keeps cookies as a browser does. A target is a
/// path,
/// "/path?query", or a URL. Used by one thread; throws UsageError for what
/// cannot be asked, and nothing that the application throws: that is a 500 with
/// a word in the log, as everywhere.
class Client {
 public:
  explicit Client(Application application, const ClientOptions& options = {});

  Reply get(std::string_view target, const Headers& headers = {});
  Reply head(std::string_view target, const Headers& headers = {});
  Reply post(std::string_view target, const Payload& payload = {},
             const Headers& headers = {});
  Reply put(std::string_view target, const Payload& payload = {},
            const Headers& headers = {});
  Reply patch(std::string_view target, const Payload& payload = {},
              const Headers& headers = {});
  /// DELETE.
  Reply del(std::string_view target, const Headers& headers = {});
  /// Any method. Follows redirects as far as the options say: with GET after
  /// 303, and after 301 and 302 to a POST (RFC 9110 section 15.4). Throws Error
  /// where there are more.
  Reply request(std::string_view method, std::string_view target,
                const Payload& payload = {}, const Headers& headers = {});
  /// Where a redirect leads.
  Reply follow(const Reply& redirect) { return get(location_of(redirect)); }

  CookieJar& cookies() noexcept { return cookies_; }

 private:
  static std::string location_of(const Reply& redirect);
  Reply ask(std::string_view method, const std::string& url,
            const Payload& payload, const Headers& headers);

  Application application_;
  ClientOptions options_;
  CookieJar cookies_;
};

}  // namespace decant::web
