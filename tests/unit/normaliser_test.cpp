// SPDX-License-Identifier: MIT
#include "decant/normaliser.hpp"

#include <algorithm>

#include "decant/error.hpp"
#include "environ_dumps.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant::normaliser {
namespace {

using Catch::Contains;
using test::EnvironDump;
using test::TestEnviron;

constexpr Framing cgi = Framing::content_length;
constexpr Framing fastcgi = Framing::end_of_stream;
constexpr Paths parted = Paths::split;
constexpr Paths whole = Paths::whole_in_script_name;

/// The environ that the normaliser makes of a GET with more variables.
struct Normalised {
  explicit Normalised(const Variables& more, Paths paths = whole,
                      const Rules& rules = {})
      : test(a_get_with(more)) {
    normalise(paths, rules, test.env);
  }
  static Variables a_get_with(const Variables& more) {
    Variables variables = {{"REQUEST_METHOD", "GET"}};
    for (const auto& [name, value] : more) variables.emplace_back(name, value);
    return variables;
  }
  std::string_view operator[](std::string_view name) const {
    return test.env[name];
  }
  bool contains(std::string_view name) const { return test.env.contains(name); }
  std::string paths() const {
    return '[' + std::string(test.env["SCRIPT_NAME"]) + "][" +
           std::string(test.env["PATH_INFO"]) + ']';
  }

  TestEnviron test;
};

Rules mounted(std::string script_name) {
  Rules rules;
  rules.script_name = std::move(script_name);
  return rules;
}

TEST_CASE("What six web servers send becomes one environ") {
  for (const EnvironDump& dump : test::environ_dumps()) {
    CAPTURE(dump.server);
    TestEnviron test(dump.variables);
    const Environ& env = test.env;
    normalise(dump.paths, {}, test.env);
    CHECK(env["REQUEST_METHOD"] == "POST");
    CHECK(env["SCRIPT_NAME"] == dump.script_name);
    CHECK(env["PATH_INFO"] == dump.path_info);
    CHECK(env["QUERY_STRING"] == "q=1&a=b%20c");
    CHECK_THAT(std::string(env["REQUEST_URI"]), Contains("%20baz/../x//y"));
    CHECK(env["CONTENT_LENGTH"] == "3");
    CHECK(env["CONTENT_TYPE"] == "text/plain");
    CHECK(env["SERVER_NAME"].find(':') == std::string_view::npos);
    CHECK(env["SERVER_PORT"].starts_with("1808"));
    CHECK(env["SERVER_PROTOCOL"] == "HTTP/1.1");
    CHECK(env.url_scheme() == "http");
    CHECK(env["HTTP_X_DUP"] == "a, b");
    CHECK(env["HTTP_COOKIE"] == dump.cookie);
    CHECK(env["HTTP_AUTHORIZATION"] == dump.authorization);
    for (const auto name : {"HTTP_PROXY", "HTTP_CONTENT_LENGTH",
                            "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING",
                            "REMOTE_USER", "AUTH_TYPE", "REMOTE_IDENT"}) {
      CAPTURE(name);
      CHECK_FALSE(env.contains(name));
    }
    CHECK(body_length(dump.variables, dump.framing, {}) == 3U);
  }
}

TEST_CASE("A mount point splits the path of every web server the same way") {
  for (const EnvironDump& dump : test::environ_dumps()) {
    CAPTURE(dump.server);
    TestEnviron test(dump.variables);
    normalise(dump.paths, mounted(std::string(dump.mount)), test.env);
    CHECK(test.env["SCRIPT_NAME"] == dump.mount);
    CHECK(test.env["PATH_INFO"] == dump.mounted_path_info);
  }
}

TEST_CASE("Every environ has each variable once") {
  for (const EnvironDump& dump : test::environ_dumps()) {
    CAPTURE(dump.server);
    TestEnviron test(dump.variables);
    normalise(dump.paths, {}, test.env);
    std::vector<std::string_view> names;
    for (const auto& [name, value] : test.env) names.push_back(name);
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
}

TEST_CASE("Repeated headers are joined, cookies by a semicolon") {
  const Normalised env(Variables{{"HTTP_ACCEPT", "a"},
                                 {"HTTP_COOKIE", "c=1"},
                                 {"HTTP_ACCEPT", "b"},
                                 {"HTTP_COOKIE", "d=2"},
                                 {"HTTP_ACCEPT", "c"}});
  CHECK(env["HTTP_ACCEPT"] == "a, b, c");
  CHECK(env["HTTP_COOKIE"] == "c=1; d=2");
}

TEST_CASE("Of a repeated variable that is no header the last one wins") {
  const Normalised env(Variables{{"REMOTE_ADDR", "1.1.1.1"},
                                 {"REMOTE_ADDR", "2.2.2.2"},
                                 {"REMOTE_USER", "eve"},
                                 {"REMOTE_USER", ""}});
  CHECK(env["REMOTE_ADDR"] == "2.2.2.2");
  CHECK_FALSE(env.contains("REMOTE_USER"));
}

TEST_CASE("What an application must not believe is dropped") {
  const Normalised env(Variables{{"HTTP_PROXY", "http://evil"},
                                 {"HTTP_CONTENT_LENGTH", "5"},
                                 {"HTTP_CONTENT_TYPE", "text/plain"},
                                 {"HTTP_TRANSFER_ENCODING", "chunked"},
                                 {"wsgi.input", "x"},
                                 {"wsgi.url_scheme", "https"},
                                 {"decant.x", "y"}});
  for (const auto name : {"HTTP_PROXY", "HTTP_CONTENT_LENGTH",
                          "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING",
                          "wsgi.input", "wsgi.url_scheme", "decant.x"}) {
    CAPTURE(name);
    CHECK_FALSE(env.contains(name));
  }
  CHECK(env.test.env.url_scheme() == "http");
}

TEST_CASE("Variables that say nothing are dropped, other empty ones stay") {
  const Normalised env(Variables{{"REMOTE_USER", ""},
                                 {"AUTH_TYPE", ""},
                                 {"REMOTE_IDENT", ""},
                                 {"CONTENT_TYPE", ""},
                                 {"CONTENT_LENGTH", ""},
                                 {"HTTP_X_EMPTY", ""},
                                 {"DOCUMENT_ROOT", ""}});
  for (const auto name : {"REMOTE_USER", "AUTH_TYPE", "REMOTE_IDENT",
                          "CONTENT_TYPE", "CONTENT_LENGTH"}) {
    CAPTURE(name);
    CHECK_FALSE(env.contains(name));
  }
  CHECK(env.contains("HTTP_X_EMPTY"));
  CHECK(env.contains("DOCUMENT_ROOT"));
}

TEST_CASE("A negative CONTENT_LENGTH is absent") {
  const Normalised env(Variables{{"CONTENT_LENGTH", "-1"}});
  CHECK_FALSE(env.contains("CONTENT_LENGTH"));
}

TEST_CASE("A variable with an impossible name makes the request unusable") {
  for (const std::string& name :
       {std::string(), std::string("A=B"), std::string("A\0B", 3),
        std::string("A\nB"), std::string("\x7F"), std::string("HTTP_A\x01")}) {
    CAPTURE(name);
    CHECK_THROWS_AS(Normalised(Variables{{name, "x"}}), GatewayError);
  }
  CHECK(Normalised(Variables{
            {"X-Odd.name (x86) \xE9", "x"}})["X-Odd.name (x86) \xE9"] == "x");
}

TEST_CASE("Among many variables too, reserved ones go and repeats are one") {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("OTHER_" + std::to_string(i));
  Variables variables = {{"wsgi.input", "1"}, {"HTTP_X_ONE", "a"}};
  for (const std::string& name : names) variables.emplace_back(name, name);
  for (const char* const again : {"2", "3"}) {
    variables.emplace_back("wsgi.input", again);
    variables.emplace_back("decant.x", again);
    variables.emplace_back("HTTP_X_ONE", again);
    variables.emplace_back("OTHER_7", again);
    variables.emplace_back("HTTP_HOST", again);
  }
  const Normalised env(variables);
  CHECK_FALSE(env.contains("wsgi.input"));
  CHECK_FALSE(env.contains("decant.x"));
  CHECK(env["HTTP_X_ONE"] == "a, 2, 3");
  CHECK(env["HTTP_HOST"] == "2, 3");
  CHECK(env["OTHER_7"] == "3");
  CHECK(env["OTHER_99"] == "OTHER_99");
  // With the method and what every environ has.
  CHECK(env.test.env.size() == 100 + 2 + 7);
}

TEST_CASE("A request without a method is refused with the cure") {
  TestEnviron none(Variables{});
  CHECK_THROWS_WITH(
      normalise(whole, {}, none.env),
      Contains("no REQUEST_METHOD") && Contains("include the params file"));
  TestEnviron bad(Variables{{"REQUEST_METHOD", "GET /"}});
  CHECK_THROWS_WITH(normalise(whole, {}, bad.env), Contains("\"GET /\""));
}

TEST_CASE("Authorization is recovered from where Apache leaves it") {
  CHECK(Normalised(Variables{{"REDIRECT_HTTP_AUTHORIZATION",
                              "a"}})["HTTP_AUTHORIZATION"] == "a");
  CHECK(Normalised(Variables{{"Authorization", "b"}})["HTTP_AUTHORIZATION"] ==
        "b");
  CHECK(Normalised(Variables{{"AUTHORIZATION", "c"}})["HTTP_AUTHORIZATION"] ==
        "c");
  CHECK(Normalised(Variables{{"HTTP_AUTHORIZATION", "d"},
                             {"Authorization", "e"}})["HTTP_AUTHORIZATION"] ==
        "d");
  CHECK(Normalised(Variables{{"HTTP_AUTHORIZATION", ""},
                             {"Authorization", "f"}})["HTTP_AUTHORIZATION"] ==
        "f");
  CHECK_FALSE(Normalised(Variables{}).contains("HTTP_AUTHORIZATION"));
}

TEST_CASE("SERVER_NAME loses its port and falls back to the Host header") {
  const auto name = [](const Variables& variables) {
    return std::string(Normalised(variables)["SERVER_NAME"]);
  };
  CHECK(name({{"SERVER_NAME", "a.example:8080"}}) == "a.example");
  CHECK(name({{"SERVER_NAME", "a.example"}}) == "a.example");
  CHECK(name({{"SERVER_NAME", "[::1]:8080"}}) == "[::1]");
  CHECK(name({{"SERVER_NAME", "[::1]"}}) == "[::1]");
  CHECK(name({{"SERVER_NAME", "::1"}}) == "::1");
  CHECK(name({{"SERVER_NAME", ""}, {"HTTP_HOST", "h:1"}}) == "h");
  CHECK(name({}) == "localhost");
}

TEST_CASE("The variables that PEP 3333 requires are always there") {
  const Normalised env(Variables{});
  CHECK(env["SERVER_PORT"] == "80");
  CHECK(env["SERVER_PROTOCOL"] == "HTTP/1.1");
  CHECK(env.contains("QUERY_STRING"));
  CHECK(env["QUERY_STRING"].empty());
  CHECK(Normalised(Variables{{"HTTPS", "on"}})["SERVER_PORT"] == "443");
  CHECK(Normalised(Variables{{"SERVER_PORT", "99"}})["SERVER_PORT"] == "99");
}

TEST_CASE("HTTPS or REQUEST_SCHEME gives the scheme") {
  const auto scheme = [](const Variables& variables) {
    return std::string(Normalised(variables).test.env.url_scheme());
  };
  for (const char* const on : {"on", "ON", "1", "true", "https"}) {
    CHECK(scheme({{"HTTPS", on}}) == "https");
  }
  for (const char* const off : {"", "off", "0", "no"}) {
    CHECK(scheme({{"HTTPS", off}}) == "http");
  }
  CHECK(scheme({{"REQUEST_SCHEME", "https"}}) == "https");
  CHECK(scheme({{"REQUEST_SCHEME", "http"}}) == "http");
}

TEST_CASE("Without a mount point SCRIPT_NAME is believed and repaired") {
  const auto paths = [](const char* script, const char* path) {
    return Normalised(Variables{{"SCRIPT_NAME", script}, {"PATH_INFO", path}})
        .paths();
  };
  CHECK(paths("/app", "/x") == "[/app][/x]");
  CHECK(paths("/app", "") == "[/app][]");
  CHECK(paths("/", "") == "[][/]");
  CHECK(paths("/", "/x") == "[][/x]");
  CHECK(paths("", "") == "[][/]");
  CHECK(paths("/app/", "") == "[/app][/]");
  CHECK(paths("/app/", "/x") == "[/app][/x]");
  CHECK(paths("app", "x") == "[/app][/x]");
}

TEST_CASE("Without PATH_INFO a FastCGI path is all PATH_INFO") {
  CHECK(Normalised(Variables{{"SCRIPT_NAME", "/a/b"}}).paths() == "[][/a/b]");
  CHECK(Normalised(Variables{}).paths() == "[][/]");
}

TEST_CASE("Without both paths the undivided one is split") {
  // nginx's scgi_params.
  const Variables decoded = {{"REQUEST_URI", "/a%20b/c?d"},
                             {"DOCUMENT_URI", "/a b/c"}};
  CHECK(Normalised(decoded).paths() == "[][/a b/c]");
  CHECK(Normalised(decoded, whole, mounted("/a b")).paths() == "[/a b][/c]");
  const Variables encoded = {{"REQUEST_URI", "/a%20b/c?d"}};
  CHECK(Normalised(encoded).paths() == "[][/a b/c]");
  CHECK(Normalised(encoded, Paths::split).paths() == "[][/]");
}

TEST_CASE("For CGI an absent PATH_INFO means empty") {
  CHECK(Normalised(Variables{{"SCRIPT_NAME", "/a/b"}}, parted).paths() ==
        "[/a/b][]");
  CHECK(Normalised(Variables{}, parted).paths() == "[][/]");
}

TEST_CASE("A mount point decides where the path is split") {
  const auto split = [](const char* mount, const Variables& variables) {
    return Normalised(variables, whole, mounted(mount)).paths();
  };
  // All in SCRIPT_NAME, as nginx and mod_proxy_fcgi send it.
  CHECK(split("/app", {{"SCRIPT_NAME", "/app/x"}}) == "[/app][/x]");
  CHECK(split("/app", {{"SCRIPT_NAME", "/app/"}}) == "[/app][/]");
  CHECK(split("/app", {{"SCRIPT_NAME", "/app"}}) == "[/app][]");
  // All in PATH_INFO, as after fastcgi_split_path_info.
  CHECK(split("/app", {{"SCRIPT_NAME", ""}, {"PATH_INFO", "/app/x"}}) ==
        "[/app][/x]");
  // Split elsewhere.
  CHECK(split("/app", {{"SCRIPT_NAME", "/app/x"}, {"PATH_INFO", "/y"}}) ==
        "[/app][/x/y]");
  CHECK(split("/app/x", {{"SCRIPT_NAME", "/app"}, {"PATH_INFO", "/x/y"}}) ==
        "[/app/x][/y]");
  CHECK(split("/app", {{"SCRIPT_NAME", "/"}, {"PATH_INFO", "/app/x"}}) ==
        "[/app][/x]");
  // Only at a slash, and not in the middle.
  CHECK(split("/app", {{"SCRIPT_NAME", "/application"}}) == "[][/application]");
  CHECK(split("/app", {{"SCRIPT_NAME", "/x/app/y"}}) == "[][/x/app/y]");
  // Outside of it.
  CHECK(split("/app", {{"SCRIPT_NAME", "/other/x"}}) == "[][/other/x]");
  CHECK(split("/app", {}) == "[][/]");
  // The root.
  CHECK(split("", {{"SCRIPT_NAME", "/app"}, {"PATH_INFO", "/x"}}) ==
        "[][/app/x]");
}

TEST_CASE("REQUEST_URI stays raw") {
  CHECK(
      Normalised(Variables{{"REQUEST_URI", "/a%2Fb/../c?x"}})["REQUEST_URI"] ==
      "/a%2Fb/../c?x");
}

TEST_CASE("Variables of the deployment come last and win") {
  Rules rules;
  rules.variables = {{"SERVER_NAME", "forced"}, {"my.key", "value"}};
  const Normalised env(Variables{{"SERVER_NAME", "sent"}}, whole, rules);
  CHECK(env["SERVER_NAME"] == "forced");
  CHECK(env["my.key"] == "value");
}

TEST_CASE("All bytes of a value pass") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(Normalised(Variables{{"HTTP_X", bytes}})["HTTP_X"] == bytes);
}

TEST_CASE("The body ends at CONTENT_LENGTH") {
  for (const Framing framing : {cgi, fastcgi}) {
    CHECK(body_length({{"CONTENT_LENGTH", "12"}}, framing, {}) == 12U);
    CHECK(body_length({{"CONTENT_LENGTH", "0"}}, framing, {}) == 0U);
    CHECK(body_length({{"CONTENT_LENGTH", "1"}, {"CONTENT_LENGTH", "2"}},
                      framing, {}) == 2U);
  }
}

TEST_CASE("Without CONTENT_LENGTH the protocol says where the body ends") {
  for (const Variables& variables :
       {Variables{}, Variables{{"CONTENT_LENGTH", ""}},
        Variables{{"CONTENT_LENGTH", "-1"}}}) {
    CHECK(body_length(variables, cgi, {}) == 0U);
    CHECK(body_length(variables, fastcgi, {}) == std::nullopt);
  }
  // Apache's mod_cgid decodes a chunked body on standard input.
  CHECK(body_length({{"HTTP_TRANSFER_ENCODING", "Chunked"}}, cgi, {}) ==
        std::nullopt);
}

TEST_CASE("A CONTENT_LENGTH that is no number is refused with 400") {
  for (const char* const text :
       {"x", "1x", "+1", "1,1", " 1", "-", "--1", "99999999999999999999"}) {
    CAPTURE(text);
    try {
      body_length({{"CONTENT_LENGTH", text}}, fastcgi, {});
      FAIL_CHECK("accepted");
    } catch (const GatewayError& error) {
      CHECK(error.status() == 400);
    }
  }
}

TEST_CASE("A body above the limit is refused with 413") {
  Rules rules;
  rules.max_body = 10;
  CHECK(body_length({{"CONTENT_LENGTH", "10"}}, fastcgi, rules) == 10U);
  try {
    body_length({{"CONTENT_LENGTH", "11"}}, fastcgi, rules);
    FAIL_CHECK("accepted");
  } catch (const GatewayError& error) {
    CHECK(error.status() == 413);
    CHECK_THAT(error.what(), Contains("--max-body"));
  }
}

}  // namespace
}  // namespace decant::normaliser
