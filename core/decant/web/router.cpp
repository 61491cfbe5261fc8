// SPDX-License-Identifier: MIT
#include "decant/web/router.hpp"

#include <algorithm>

#include "decant/current_error.hpp"
#include "decant/headers.hpp"
#include "decant/path.hpp"
#include "decant/text.hpp"

namespace decant::web {
namespace {

/// The methods of a path, in the order in which they were added, each once.
class Allowed {
 public:
  void add(const std::string& method) {
    if (std::find(methods_.begin(), methods_.end(), method) == methods_.end()) {
      methods_.push_back(method);
    }
  }
  bool empty() const { return methods_.empty(); }
  /// The value of Allow, with those that the router sees to.
  std::string text() {
    const auto has = [this](const char* method) {
      return std::find(methods_.begin(), methods_.end(), method) !=
             methods_.end();
    };
    if (has("GET")) add("HEAD");
    add("OPTIONS");
    std::string text;
    for (const std::string& method : methods_) {
      text.append(text.empty() ? "" : ", ").append(method);
    }
    return text;
  }

 private:
  std::vector<std::string> methods_;
};

}  // namespace

Response HttpError::response() const {
  const std::string_view text = what();
  return text.empty() ? Response(status_) : Response(text).status(status_);
}

void Router::add_route(std::string_view pattern, std::string_view name,
                       detail::Route route) {
  if (!is_token(route.method)) {
    throw ApplicationError("router: " + quoted(route.method) +
                           " is no method; give a word in capitals, as PUT");
  }
  if (!name.empty() && names_.contains(name)) {
    throw ApplicationError("router: two routes have the name " + quoted(name) +
                           "; give each its own");
  }
  table_.add(pattern, std::move(route));
  if (!name.empty()) names_.emplace(name, pattern);
}

Router& Router::add_mount(Mount mount) {
  // What it wraps is never asked: find_mount() has looked at the prefix.
  mount.application = decant::mount(
      mount.prefix, mount.application)(Application(Response(404)));
  const auto place = std::find_if(
      mounts_.begin(), mounts_.end(), [&mount](const Mount& other) {
        return other.prefix.size() < mount.prefix.size();
      });
  mounts_.insert(place, std::move(mount));
  return *this;
}

Router& Router::mount(std::string_view prefix, Application application) {
  return add_mount({canonical_mount(prefix), std::move(application), {}, {}});
}

Router& Router::mount(std::string_view prefix, Router router,
                      std::string_view name) {
  const auto kept = std::make_shared<const Router>(std::move(router));
  return add_mount({canonical_mount(prefix),
                    [kept](Environ& env, const StartResponse& start_response) {
                      return (*kept)(env, start_response);
                    },
                    std::string(name), kept});
}

Router& Router::on_status(int status, ErrorHandler handler) {
  statuses_[status] = std::move(handler);
  return *this;
}

std::string Router::root_of(const Request& request) {
  return percent_encoded(request.script_name());
}

std::string Router::path_of(std::string_view name,
                            const std::vector<std::string>& values) const {
  const auto found = names_.find(name);
  if (found != names_.end()) {
    return detail::fill_pattern(found->second, values);
  }
  const std::size_t dot = name.find('.');
  for (const Mount& mount : mounts_) {
    if (dot != std::string_view::npos && mount.router &&
        mount.name == name.substr(0, dot)) {
      return percent_encoded(mount.prefix) +
             mount.router->path_of(name.substr(dot + 1), values);
    }
  }
  throw ApplicationError("url_for: no route has the name " + quoted(name));
}

const Router::Mount* Router::find_mount(const Request& request) const {
  if (mounts_.empty()) return nullptr;
  const std::string_view path = request.path();
  const auto found = std::find_if(
      mounts_.begin(), mounts_.end(),
      [path](const Mount& mount) { return is_beneath(path, mount.prefix); });
  return found == mounts_.end() ? nullptr : &*found;
}

void Router::route(Request& request, std::optional<Response>& response) const {
  const std::string_view method = request.method();
  Allowed allowed;
  const auto try_routes = [&](const std::vector<detail::Route>& routes,
                              const std::string_view* matched) {
    // RFC 9110 section 9.3.2: HEAD is GET; the gateway drops the content.
    for (const std::string_view wanted :
         {method, std::string_view(method == "HEAD" ? "GET" : "")}) {
      for (const detail::Route& route : routes) {
        if (route.method != wanted) continue;
        // False for a number that is out of range.
        return route.run(request, matched, response);
      }
    }
    for (const detail::Route& route : routes) allowed.add(route.method);
    return false;
  };
  table_.find(request.path(), try_routes);
  if (response || allowed.empty()) return;
  const int status = method == "OPTIONS" ? 204 : 405;
  response = with_status_handler(
      request, Response(status).header("Allow", allowed.text()));
}

Response Router::with_status_handler(Request& request,
                                     Response response) const {
  const auto found = statuses_.find(response.status());
  if (found == statuses_.end()) return response;
  return found->second(request, std::move(response));
}

/// With the exception in flight, which goes on where nobody has an answer.
Response Router::respond_to_error(Request& request) const {
  const std::exception_ptr error = std::current_exception();
  for (const auto& handler : exceptions_) {
    if (auto response = handler(request, error)) return *std::move(response);
  }
  try {
    throw;
  } catch (const HttpError& http_error) {
    return with_status_handler(request, http_error.response());
  } catch (const ClientGone&) {
    throw;
  } catch (const GatewayError& gateway_error) {
    if (!statuses_.contains(gateway_error.status())) throw;
    return with_status_handler(request, Response(gateway_error.status()));
  } catch (...) {
    if (!statuses_.contains(500)) throw;
    request.env().errors().write("router: " + current_error() + "\n");
    return with_status_handler(request, Response(500));
  }
}

void Router::respond(Request& request,
                     std::optional<Response>& response) const {
  try {
    route(request, response);
    if (!response) response = with_status_handler(request, Response(404));
  } catch (...) {
    response = respond_to_error(request);
  }
}

Body Router::operator()(Environ& env,
                        const StartResponse& start_response) const {
  const auto kept = std::make_shared<Request>(env, limits_);
  Request& request = *kept;
  // A mount comes after the patterns: one at the root takes what is left.
  if (const Mount* const mount = find_mount(request)) {
    bool known = false;
    table_.find(request.path(),
                [&known](const auto&, const auto*) { return known = true; });
    if (!known) return mount->application(env, start_response);
  }
  std::optional<Response> response;
  respond(request, response);
  // A coroutine reads the request after this call has returned.
  if (!response->is_text()) env.attach("decant.web.request", kept);
  return (*std::move(response))(env, start_response);
}

}  // namespace decant::web
