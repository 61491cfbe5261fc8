// SPDX-License-Identifier: MIT
// Applications that look at the environ.
#include "conformance/applications.hpp"

namespace decant::conformance {
namespace {

std::string word(bool value) {
  return value ? "true" : "false";
}

/// The whole environ, a line for each key.
std::string dump(const Environ& env) {
  std::string out;
  for (const auto& [name, value] : env) {
    out.append(name).append("=").append(value).append("\n");
  }
  const auto [major, minor] = env.version();
  out += "wsgi.version=" + std::to_string(major) + '.' + std::to_string(minor);
  out += "\nwsgi.url_scheme=" + std::string(env.url_scheme());
  out += "\nwsgi.multithread=" + word(env.multithread());
  out += "\nwsgi.multiprocess=" + word(env.multiprocess());
  out += "\nwsgi.run_once=" + word(env.run_once()) + '\n';
  return out;
}

Body environ_dump(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return dump(env);
}

/// Changes what it can, which the next request must not notice.
Body mutate(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  std::string before = dump(env);
  env.set("MUTATED", "yes");
  env.set("QUERY_STRING", "mutated");
  env.set("HTTP_HOST", "mutated");
  env.erase("PATH_INFO");
  env.erase("SERVER_NAME");
  return before;
}

/// The dictionary, used as one. Says what is not as it should be.
Body dictionary(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  std::string wrong;
  const auto expect = [&wrong](bool met, const char* what) {
    if (!met) wrong.append(what).append("\n");
  };
  const std::size_t size = env.size();
  expect(env["ABSENT"].empty() && !env.contains("ABSENT"), "absent");
  expect(env.get("ABSENT", "fallback") == "fallback", "get");
  env.set("ADDED", "1");
  env.set("ADDED", "2");
  expect(env["ADDED"] == "2" && env.size() == size + 1, "set");
  std::string_view last;
  for (const auto& [name, value] : env) last = name;
  expect(last == "ADDED", "order");
  const std::string_view kept = env["ADDED"];
  env.erase("ADDED");
  expect(!env.contains("ADDED") && env.size() == size, "erase");
  expect(kept == "2", "views outlive an erase");
  expect(env.contains("REQUEST_METHOD"), "erase of one only");
  return wrong.empty() ? std::string("as it should be\n") : wrong;
}

struct Session {
  int visits = 0;
};

/// Middleware that leaves an object, around an application that finds it.
Body attached(Environ& env, const StartResponse& start_response) {
  const Application inner = [](Environ& inner_env,
                               const StartResponse& inner_start) -> Body {
    inner_start("200 OK", plain_text());
    auto* const session = inner_env.attached<Session>("test.session");
    const bool other = inner_env.attached<int>("test.session") != nullptr;
    const bool absent = inner_env.attached<int>("test.absent") != nullptr;
    if (session == nullptr || other || absent) return "wrong\n";
    return std::to_string(++session->visits) + " visits\n";
  };
  env.attach("test.session", Session{41});
  return inner(env, start_response);
}

Body paths(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain_text());
  return {env["SCRIPT_NAME"], " | ", env["PATH_INFO"], "\n"};
}

Body mounted(Environ& env, const StartResponse& start_response) {
  static const Application all = mount(
      "/shop", mount("/admin", paths)(
                   [](Environ& inner_env, const StartResponse& inner_start) {
                     Body body = paths(inner_env, inner_start);
                     return body;
                   }))([](Environ&, const StartResponse& inner_start) -> Body {
    inner_start("200 OK", plain_text());
    return "outside\n";
  });
  return all(env, start_response);
}

/// Middleware that adds a header by wrapping start_response.
Body wrapped(Environ& env, const StartResponse& start_response) {
  const StartResponse adding = [&start_response](std::string_view status,
                                                 Headers headers,
                                                 std::exception_ptr error) {
    headers.emplace_back("X-Added", "by middleware");
    return start_response(status, std::move(headers), std::move(error));
  };
  return environ_dump(env, adding);
}

}  // namespace

void add_environ_applications(Applications& applications) {
  applications["environ"] = environ_dump;
  applications["mutate"] = mutate;
  applications["dictionary"] = dictionary;
  applications["attached"] = attached;
  applications["mounted"] = mounted;
  applications["wrapped"] = wrapped;
}

}  // namespace decant::conformance
