// SPDX-License-Identifier: MIT
#include "decant/lint.hpp"

#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>

#include "decant/environ_access.hpp"
#include "decant/error.hpp"
#include "environ_dumps.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

using Catch::Contains;
using test::ignoring_start_response;
using test::RecordingExchange;
using test::TestEnviron;

const Headers plain = {{"Content-Type", "text/plain"}};

std::string text_of(std::string_view id) {
  for (const Rule& rule : lint_rules()) {
    if (rule.id == id) return std::string(rule.text);
  }
  FAIL("there is no rule " << id);
  return {};
}

Application ok() {
  return [](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain);
    return "ok";
  };
}

/// An application that calls start_response and returns nothing more.
Application announcing(const std::string& status, const Headers& headers) {
  return [=](Environ&, const StartResponse& start_response) -> Body {
    start_response(status, headers);
    return {};
  };
}

// Server side: an environ that breaks one rule.

struct BadEnviron {
  const char* rule;
  const char* name;
  const char* value;  // null: absent
};

const std::vector<BadEnviron> bad_environs = {
    {"method", "REQUEST_METHOD", nullptr},
    {"method", "REQUEST_METHOD", ""},
    {"method", "REQUEST_METHOD", "GET /"},
    {"server", "SERVER_NAME", ""},
    {"server", "SERVER_PORT", nullptr},
    {"server", "SERVER_PROTOCOL", nullptr},
    {"script-name", "SCRIPT_NAME", "/"},
    {"script-name", "SCRIPT_NAME", "app"},
    {"path-info", "PATH_INFO", "x"},
    {"path", "PATH_INFO", ""},
    {"path", "PATH_INFO", nullptr},
    {"content-variables", "HTTP_CONTENT_TYPE", "text/plain"},
    {"content-variables", "HTTP_CONTENT_LENGTH", ""},
    {"content-length-variable", "CONTENT_LENGTH", ""},
    {"content-length-variable", "CONTENT_LENGTH", "-1"},
    {"content-length-variable", "CONTENT_LENGTH", "ten"},
};

Variables good_variables() {
  return RecordingExchange().variables;
}

TEST_CASE("An environ that breaks a rule never reaches the application") {
  const Application checked =
      lint()([](Environ&, const StartResponse&) -> Body {
        FAIL_CHECK("the application was called");
        return {};
      });
  for (const BadEnviron& bad : bad_environs) {
    CAPTURE(bad.rule, bad.name);
    TestEnviron test(good_variables());
    test.env.erase(bad.name);
    if (bad.value != nullptr) test.env.set(bad.name, bad.value);
    CHECK_THROWS_AS(checked(test.env, ignoring_start_response()),
                    ApplicationError);
    CHECK_THROWS_WITH(
        checked(test.env, ignoring_start_response()),
        Contains(text_of(bad.rule)) && Contains(bad.name) &&
            Contains(bad.value == nullptr ? "is absent" : bad.value));
  }
}

TEST_CASE("An unknown URL scheme is named") {
  TestEnviron test(good_variables());
  detail::EnvironAccess::set_url_scheme(test.env, "gopher");
  CHECK_THROWS_WITH(lint()(ok())(test.env, ignoring_start_response()),
                    Contains(text_of("url-scheme")) && Contains("gopher"));
}

TEST_CASE("What the normaliser makes of six web servers keeps every rule") {
  for (const test::EnvironDump& dump : test::environ_dumps()) {
    CAPTURE(dump.server);
    RecordingExchange exchange;
    exchange.variables = dump.variables;
    exchange.framing = dump.framing;
    exchange.paths = dump.paths;
    CHECK(exchange.run(lint()(ok())) == Outcome::complete);
    CHECK(exchange.errors.text.empty());
  }
}

// Application side: an application that breaks one rule.

Chunks write_from_within(Environ&, StartResponse start_response) {
  const Write write = start_response("200 OK", plain);
  write("from within");
  co_yield "x";
}

Chunks erase_late(Environ& env, StartResponse start_response) {
  start_response("200 OK", plain);
  env.erase("SERVER_PORT");
  co_yield "x";
}

struct BadApplication {
  const char* rule;
  Application application;
};

std::vector<BadApplication> bad_announcements() {
  return {
      {"status", announcing("200", plain)},
      {"status", announcing("200 OK\r\n", plain)},
      {"status", announcing("1x0 Odd", plain)},
      {"status-final", announcing("100 Continue", {})},
      {"headers", announcing("200 OK", {{"a b", ""}})},
      {"headers", announcing("200 OK", {{"X", "a\nb"}})},
      {"headers", announcing("200 OK", {{"Status", "200"}})},
      {"headers", announcing("200 OK", {{"Connection", "close"}})},
      {"headers", announcing("200 OK", {{"Content-Length", "1,1"}})},
      {"headers", announcing("200 OK", {{"Content-Length", "1"},
                                        {"Content-Length", "1"}})},
      {"content-type", announcing("200 OK", {})},
      {"content-type", announcing("302 Found", {{"Location", "/"}})},
      {"no-content-type", announcing("204 No Content", plain)},
      {"no-content-type", announcing("304 Not Modified", plain)},
  };
}

std::vector<BadApplication> bad_conduct() {
  return {
      {"environ-kept",
       [](Environ& env, const StartResponse& start_response) -> Body {
         env.erase("REQUEST_METHOD");
         start_response("200 OK", plain);
         return "x";
       }},
      {"environ-kept", erase_late},
      {"start-response-first",
       [](Environ&, const StartResponse&) -> Body { return "x"; }},
      {"start-response-called",
       [](Environ&, const StartResponse&) -> Body { return {}; }},
      {"start-response-once",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("200 OK", plain);
         start_response("200 OK", plain);
         return "x";
       }},
      {"write-before-body", write_from_within},
  };
}

std::vector<BadApplication> bad_lengths() {
  return {
      {"no-content",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("204 No Content", {});
         return "x";
       }},
      {"no-content",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("304 Not Modified", {})("x");
         return {};
       }},
      {"content-length-most",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("200 OK", {{"Content-Type", "text/plain"},
                                   {"Content-Length", "2"}});
         return {"a", "bc"};
       }},
      {"content-length-most",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("200 OK", {{"Content-Type", "text/plain"},
                                   {"Content-Length", "2"}})("abc");
         return {};
       }},
      {"content-length-least",
       [](Environ&, const StartResponse& start_response) -> Body {
         start_response("200 OK", {{"Content-Type", "text/plain"},
                                   {"Content-Length", "9"}});
         return "ab";
       }},
  };
}

std::vector<BadApplication> bad_applications() {
  std::vector<BadApplication> all = bad_announcements();
  for (auto& part : {bad_conduct(), bad_lengths()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

TEST_CASE("An application that breaks a rule is told the rule") {
  for (const BadApplication& bad : bad_applications()) {
    CAPTURE(bad.rule);
    RecordingExchange exchange;
    const Outcome outcome = exchange.run(lint()(bad.application));
    CHECK((outcome == Outcome::failed || outcome == Outcome::cut_short));
    CHECK_THAT(exchange.errors.text,
               Contains("lint: " + text_of(bad.rule)) &&
                   Contains('[' + std::string(bad.rule) + ']'));
  }
}

TEST_CASE("A call after the body is closed breaks a rule") {
  std::vector<StartResponse> kept;
  std::vector<Write> writes;
  TestEnviron test(good_variables());
  Body body = lint()([&](Environ&, const StartResponse& start_response) {
    kept.push_back(start_response);
    writes.push_back(start_response("200 OK", plain));
    return Body("x");
  })(test.env, ignoring_start_response());
  body.close();
  CHECK_THROWS_WITH(kept[0]("200 OK", plain), Contains(text_of("closed")));
  CHECK_THROWS_WITH(writes[0]("x"), Contains(text_of("closed")));
}

TEST_CASE("A call after the application has thrown breaks a rule too") {
  std::vector<StartResponse> kept;
  TestEnviron test(good_variables());
  const Application checked =
      lint()([&](Environ&, const StartResponse& start_response) -> Body {
        kept.push_back(start_response);
        throw std::runtime_error("x");
      });
  CHECK_THROWS_WITH(checked(test.env, ignoring_start_response()), "x");
  CHECK_THROWS_WITH(kept[0]("200 OK", plain), Contains(text_of("closed")));
}

TEST_CASE("Every rule has something here that breaks it") {
  std::set<std::string_view> broken = {"url-scheme", "closed"};
  for (const BadEnviron& bad : bad_environs) broken.insert(bad.rule);
  for (const BadApplication& bad : bad_applications()) broken.insert(bad.rule);
  std::set<std::string_view> rules;
  for (const Rule& rule : lint_rules()) {
    CHECK(rules.insert(rule.id).second);
    CHECK(rule.text.ends_with('.'));
  }
  CHECK(broken == rules);
}

TEST_CASE("A rule is thrown where it was broken, so that one can react") {
  RecordingExchange exchange;
  exchange.run(
      lint()([](Environ&, const StartResponse& start_response) -> Body {
        try {
          start_response("200", plain);
        } catch (const ApplicationError&) {
          CHECK_THROWS_WITH(start_response("200 OK", plain),
                            Contains(text_of("start-response-once")));
          start_response("500 Failed", plain, std::current_exception());
        }
        return "sorry";
      }));
  CHECK(exchange.output.status == "500 Failed");
  CHECK(exchange.output.body() == "sorry");
}

// Applications that keep every rule.

TEST_CASE("A text keeps its inferred Content-Length") {
  RecordingExchange exchange;
  CHECK(exchange.run(lint()(lint()(ok()))) == Outcome::complete);
  CHECK(exchange.output.content_length == 2U);
  CHECK(exchange.output.pieces ==
        std::vector<test::RecordingOutput::Piece>{{"ok", true}});
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("A file keeps its size") {
  RecordingExchange exchange;
  exchange.run(
      lint()([](Environ& env, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain);
        return env.file_wrapper(
            ::open(DECANT_SOURCE_DIR "/LICENSE", O_RDONLY | O_CLOEXEC));
      }));
  CHECK(exchange.output.content_length.has_value());
  CHECK(exchange.output.content_length == exchange.output.body().size());
  CHECK(exchange.errors.text.empty());
}

Chunks by_reference(Environ& env, const StartResponse& start_response) {
  start_response("200 OK", plain);
  co_yield std::string(env["PATH_INFO"]);
  co_yield " and more";
}

TEST_CASE("A generator may keep the reference that it was given") {
  RecordingExchange exchange;
  CHECK(exchange.run(lint()(by_reference)) == Outcome::complete);
  CHECK(exchange.output.body() == "/ and more");
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("write, HEAD, 204 and a replaced response keep the rules") {
  RecordingExchange exchange;
  SECTION("write") {
    exchange.run(
        lint()([](Environ&, const StartResponse& start_response) -> Body {
          const Write write = start_response("200 OK", plain);
          write("one ");
          write("");
          return "two";
        }));
    CHECK(exchange.output.body() == "one two");
  }
  SECTION("HEAD without the body") {
    exchange.set("REQUEST_METHOD", "HEAD");
    exchange.run(lint()(announcing(
        "200 OK", {{"Content-Type", "text/plain"}, {"Content-Length", "99"}})));
    CHECK(exchange.output.status == "200 OK");
  }
  SECTION("204") {
    exchange.run(lint()(announcing("204 No Content", {})));
    CHECK(exchange.output.status == "204 No Content");
  }
  SECTION("a replaced response") {
    exchange.run(
        lint()([](Environ&, const StartResponse& start_response) -> Body {
          start_response("204 No Content", {});
          start_response("500 Failed", plain, std::make_exception_ptr(1));
          return "failed";
        }));
    CHECK(exchange.output.body() == "failed");
  }
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("An error after the head comes back to the application") {
  RecordingExchange exchange;
  exchange.run(
      lint()([](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain)("sent");
        start_response("500 Failed", plain,
                       std::make_exception_ptr(std::logic_error("cause")));
        return {};
      }));
  CHECK_THAT(exchange.errors.text, Contains("std::logic_error: cause"));
}

class Counted final : public BodySource {
 public:
  explicit Counted(std::vector<std::string>& events) : events_(events) {}
  ~Counted() override { events_.emplace_back("destroyed"); }
  bool next(std::string& chunk) override {
    events_.emplace_back("next");
    chunk = "x";
    return true;
  }
  void close() override { events_.emplace_back("close"); }

 private:
  std::vector<std::string>& events_;
};

TEST_CASE("The body is closed once, after its chunk was sent") {
  RecordingExchange exchange;
  std::vector<std::string> events;
  exchange.output.gone_at = GENERATE(0U, std::string::npos);
  exchange.run(
      lint()([&](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", {{"Content-Type", "text/plain"},
                                  {"Content-Length", "1"}});
        return std::make_unique<Counted>(events);
      }));
  CHECK(events == std::vector<std::string>{"next", "close", "destroyed"});
}

TEST_CASE("The body is closed when a rule is broken after it was made") {
  RecordingExchange exchange;
  std::vector<std::string> events;
  exchange.run(
      lint()([&](Environ& env, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain);
        env.erase("SERVER_NAME");
        return std::make_unique<Counted>(events);
      }));
  CHECK(events == std::vector<std::string>{"close", "destroyed"});
}

// The manual page.

/// The text of an mdoc page: macro lines dropped, the rest in one line.
std::string page_text(std::istream& page, std::vector<std::string>& items) {
  std::string text;
  for (std::string line; std::getline(page, line);) {
    constexpr std::string_view item = ".It Cm ";
    if (line.starts_with(item)) items.push_back(line.substr(item.size()));
    if (line.starts_with('.')) continue;
    for (const std::string_view escape : {"\\&", "\\"}) {
      for (std::size_t at = 0; (at = line.find(escape)) != std::string::npos;) {
        line.erase(at, escape.size());
      }
    }
    std::istringstream words(line);
    for (std::string word; words >> word;) text += word + ' ';
  }
  return text;
}

TEST_CASE("decant-application(7) has every rule, word by word") {
  std::ifstream page(DECANT_SOURCE_DIR "/man/decant-application.7");
  REQUIRE(page);
  std::vector<std::string> items;
  const std::string text = page_text(page, items);
  std::vector<std::string> ids;
  for (const Rule& rule : lint_rules()) {
    CAPTURE(rule.id);
    CHECK_THAT(text, Contains(std::string(rule.text)));
    ids.emplace_back(rule.id);
  }
  CHECK(items == ids);
}

}  // namespace
}  // namespace decant
