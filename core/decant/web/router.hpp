// SPDX-License-Identifier: MIT
// Which function answers which path.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decant/application.hpp"
#include "decant/error.hpp"
#include "decant/web/pattern.hpp"
#include "decant/web/response.hpp"
#include "decant/web/route_table.hpp"

namespace decant::web {

/// Thrown to answer with a status from the midst of a handler. It is no failure
/// and is not logged. Where no router catches it, as in a body that is being
/// sent, it is an error like others.
class HttpError : public Error {
 public:
  /// The client is sent `text`, or what the gateway says of the status.
  explicit HttpError(int status, const std::string& text = {})
      : Error(text), status_(status) {}
  int status() const noexcept { return status_; }
  Response response() const;

 private:
  int status_;
};

/// Leads requests to handlers, by method and path. It is an application.
///
///     Router router;
///     router.get("/users/{id:int}", [](const Request& request, int id) {
///       return Response("user " + std::to_string(id));
///     }, "user");
///
/// A pattern is a literal of segments, of which each may be a placeholder:
/// {name} is one segment, {name:int} a number without a sign, {name:path} all
/// the rest. The path is PATH_INFO, which is decoded. A handler takes the
/// Request, if it wants it, and an argument for each placeholder: a number for
/// an int, which is no match when it is out of range, std::string or
/// std::string_view for others. The program does not compile where they do not
/// fit. It gives what makes a Response, and is called from several threads at
/// once. The Request and the views stay until the request has ended, so that a
/// coroutine may be what it gives.
///
/// A nearer pattern goes before others: a literal, a number, a text, a path. A
/// path that no pattern has is answered with 404; a method that it lacks with
/// 405 and Allow; OPTIONS with 204 and Allow; HEAD as GET.
class Router {
 public:
  /// `limits` are those of each Request.
  explicit Router(const FormLimits& limits = {}) : limits_(limits) {}

  /// Any method, in capitals. `name` is for url_for(). Throws ApplicationError
  /// for a method and a path, or a name, that is there already.
  template <class Handler>
  Router& add(std::string_view method, detail::PatternFor<Handler> pattern,
              Handler handler, std::string_view name = {}) {
    using Pattern = detail::PatternFor<Handler>;
    add_route(pattern.text, name,
              {std::string(method),
               [handler = std::move(handler)](
                   Request& request, const std::string_view* matched,
                   std::optional<Response>& response) mutable {
                 return Pattern::call(handler, request, matched, response);
               }});
    return *this;
  }
  template <class Handler>
  Router& get(detail::PatternFor<Handler> pattern, Handler handler,
              std::string_view name = {}) {
    return add<Handler>("GET", pattern, std::move(handler), name);
  }
  template <class Handler>
  Router& post(detail::PatternFor<Handler> pattern, Handler handler,
               std::string_view name = {}) {
    return add<Handler>("POST", pattern, std::move(handler), name);
  }
  template <class Handler>
  Router& put(detail::PatternFor<Handler> pattern, Handler handler,
              std::string_view name = {}) {
    return add<Handler>("PUT", pattern, std::move(handler), name);
  }
  template <class Handler>
  Router& patch(detail::PatternFor<Handler> pattern, Handler handler,
                std::string_view name = {}) {
    return add<Handler>("PATCH", pattern, std::move(handler), name);
  }
  /// DELETE.
  template <class Handler>
  Router& del(detail::PatternFor<Handler> pattern, Handler handler,
              std::string_view name = {}) {
    return add<Handler>("DELETE", pattern, std::move(handler), name);
  }

  /// Paths beneath `prefix` that no pattern has go to `application`, with the
  /// prefix moved to SCRIPT_NAME; of several prefixes to the longest.
  Router& mount(std::string_view prefix, Application application);
  /// The same of a router, whose names url_for() finds behind "name.".
  Router& mount(std::string_view prefix, Router router, std::string_view name);

  /// What answers with this status: one of the router's own, 404 or 405, an
  /// HttpError, a FormError, and with 500 whatever else a handler throws, which
  /// is then logged. It is given the answer that there would be otherwise.
  using ErrorHandler = std::function<Response(Request&, Response)>;
  Router& on_status(int status, ErrorHandler handler);
  /// What answers where a handler throws this type, or one derived from it; of
  /// several the first that was added.
  template <class Exception>
  Router& on_exception(
      std::function<Response(Request&, const Exception&)> handler) {
    exceptions_.push_back(
        [handler = std::move(handler)](
            Request& request,
            const std::exception_ptr& error) -> std::optional<Response> {
          try {
            std::rethrow_exception(error);
          } catch (const Exception& exception) {
            return handler(request, exception);
          } catch (...) {
            return std::nullopt;
          }
        });
    return *this;
  }

  /// The path of a named route, from this router on, with these values for its
  /// placeholders, encoded. Throws ApplicationError for an unknown name, and
  /// for values that do not fit.
  template <class... Values>
  std::string url_for(std::string_view name, const Values&... values) const {
    return path_of(name, {text_of(values)...});
  }
  /// The same behind the SCRIPT_NAME of a request to this router: for a link.
  template <class... Values>
  std::string url_for(const Request& request, std::string_view name,
                      const Values&... values) const {
    return root_of(request) + path_of(name, {text_of(values)...});
  }

  Body operator()(Environ& env, const StartResponse& start_response) const;

 private:
  struct Mount {
    std::string prefix;
    Application application;
    std::string name;
    std::shared_ptr<const Router> router;  // null for other applications
  };

  template <class Value>
  static std::string text_of(const Value& value) {
    if constexpr (detail::Number<Value>) {
      return std::to_string(value);
    } else {
      return std::string(value);
    }
  }
  static std::string root_of(const Request& request);

  void add_route(std::string_view pattern, std::string_view name,
                 detail::Route route);
  Router& add_mount(Mount mount);
  std::string path_of(std::string_view name,
                      const std::vector<std::string>& values) const;
  /// Leaves `response` empty where no pattern has the path.
  void route(Request& request, std::optional<Response>& response) const;
  void respond(Request& request, std::optional<Response>& response) const;
  Response respond_to_error(Request& request) const;
  Response with_status_handler(Request& request, Response response) const;
  const Mount* find_mount(const Request& request) const;

  FormLimits limits_;
  detail::RouteTable table_;
  std::map<std::string, std::string, std::less<>> names_;  // of patterns
  std::vector<Mount> mounts_;  // the longest prefix first
  std::map<int, ErrorHandler> statuses_;
  std::vector<std::function<std::optional<Response>(Request&,
                                                    const std::exception_ptr&)>>
      exceptions_;
};

}  // namespace decant::web
