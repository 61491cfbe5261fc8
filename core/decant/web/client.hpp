// SPDX-License-Identifier: MIT
// A client for tests, which asks an application through the gateway, in the
// same process, or through a real door: what it sees is what a web server would
// be sent.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decant/application.hpp"
#include "decant/headers.hpp"
#include "decant/web/cookie_jar.hpp"
#include "decant/web/fields.hpp"
#include "decant/web/transport.hpp"

namespace decant::web {

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
  /// How long an answer through a door may take.
  std::chrono::seconds timeout = std::chrono::seconds(60);
};

/// Asks an application, and keeps cookies as a browser does. A target is a
/// path, "/path?query", or a URL. Used by one thread; throws UsageError for
/// what cannot be asked, and nothing that the application throws: that is a 500
/// with a word in the log, as everywhere. Copies ask at the same door.
class Client {
 public:
  explicit Client(Application application, const ClientOptions& options = {});

  /// From now on asks through a real door: "http", "fcgi", "scgi" and "uwsgi"
  /// are decant's own services, at a free port of 127.0.0.1, on a thread of
  /// this process; "cgi" is a child of this process for each request; and
  /// "gateway" is where it began. Cookies stay. Throws std::invalid_argument
  /// for another name, Error where the door cannot be opened.
  ///
  /// A reply has the same status, content, cookies and log, and the same
  /// outcome; its headers are those that came by the door, without what belongs
  /// to the connection. A 500 is one whatever the door, and the door stays. Of
  /// an https URL http is told as by a proxy, with X-Forwarded-Proto. A request
  /// with Transfer-Encoding: chunked is sent so by http; at the others a web
  /// server would have put it together. What takes longer than
  /// ClientOptions::timeout throws Error; then a child is killed.
  ///
  /// With the last client of it a door is closed, and what it started has
  /// ended: a service once the application has returned. Through cgi the
  /// application runs in a copy of this process: what it changes in memory is
  /// lost with the request.
  Client& through(std::string_view door);
  /// The same by a way of your own.
  Client& through(std::shared_ptr<Transport> transport);

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
  std::shared_ptr<Transport> transport_;
  CookieJar cookies_;
};

/// Asks through the gateway, in this process.
std::shared_ptr<Transport> through_gateway(Application application);

}  // namespace decant::web
