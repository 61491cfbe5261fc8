// SPDX-License-Identifier: MIT
#include "decant/environ.hpp"

#include "decant/environ_access.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

using test::TestEnviron;

TEST_CASE("A variable is read by name, an absent one is empty") {
  TestEnviron test(Variables{{"A", "1"}, {"EMPTY", ""}});
  CHECK(test.env["A"] == "1");
  CHECK(test.env["B"].empty());
  CHECK(test.env.contains("EMPTY"));
  CHECK_FALSE(test.env.contains("B"));
  CHECK(test.env.get("EMPTY", "fallback").empty());
  CHECK(test.env.get("B", "fallback") == "fallback");
  CHECK(test.env.get("B").empty());
  CHECK(test.env[""].empty());
}

TEST_CASE("Reading a variable does not make it") {
  TestEnviron test(Variables{});
  CHECK(test.env["A"].empty());
  CHECK(test.env.size() == 0);
}

TEST_CASE("Variables keep their order and their place") {
  TestEnviron test(Variables{{"B", "1"}, {"A", "2"}});
  test.env.set("C", "3");
  test.env.set("B", "4");
  const Variables expected = {{"B", "4"}, {"A", "2"}, {"C", "3"}};
  CHECK(Variables(test.env.begin(), test.env.end()) == expected);
}

TEST_CASE("A value that is set is copied") {
  TestEnviron test(Variables{});
  std::string name = "a name that is no small string at all";
  std::string value = "a value that is no small string at all";
  test.env.set(name, value);
  const std::string expected_name = std::exchange(name, std::string(37, '-'));
  const std::string expected = std::exchange(value, std::string(38, '-'));
  CHECK(test.env[expected_name] == expected);
}

TEST_CASE("A value may be set from the value it replaces") {
  TestEnviron test(Variables{{"A", "/app/x"}});
  test.env.set("A", test.env["A"].substr(4));
  CHECK(test.env["A"] == "/x");
}

TEST_CASE("Views stay valid when a variable is set again or erased") {
  TestEnviron test(Variables{});
  test.env.set("A", "a first value that is no small string");
  const std::string_view before = test.env["A"];
  for (int i = 0; i < 100; ++i) test.env.set("A", std::to_string(i));
  test.env.erase("A");
  CHECK(before == "a first value that is no small string");
}

TEST_CASE("An erased variable is gone and may come back at the end") {
  TestEnviron test(Variables{{"A", "1"}, {"B", "2"}});
  test.env.erase("A");
  test.env.erase("NEVER THERE");
  CHECK_FALSE(test.env.contains("A"));
  CHECK(test.env["B"] == "2");
  test.env.set("A", "3");
  CHECK(Variables(test.env.begin(), test.env.end()) ==
        Variables{{"B", "2"}, {"A", "3"}});
}

TEST_CASE("Many variables behave as few do") {
  std::vector<std::string> names;
  names.reserve(500);
  for (int i = 0; i < 500; ++i) names.push_back("NAME_" + std::to_string(i));
  TestEnviron test(Variables{});
  for (const std::string& name : names) test.env.set_view(name, name);
  for (const std::string& name : names) CHECK(test.env[name] == name);
  test.env.erase(names[3]);
  CHECK_FALSE(test.env.contains(names[3]));
  CHECK(test.env[names[2]] == names[2]);
  CHECK(test.env[names[499]] == names[499]);
  test.env.set(names[499], "new");
  test.env.set("ONE_MORE", "value");
  CHECK(test.env[names[499]] == "new");
  CHECK(test.env["ONE_MORE"] == "value");
  for (std::size_t i = 10; i < 500; ++i) test.env.erase(names[i]);
  CHECK(test.env.size() == 10);  // 0 to 9 without 3, and ONE_MORE
  CHECK(test.env[names[9]] == names[9]);
  CHECK(test.env["ONE_MORE"] == "value");
}

TEST_CASE("Names of one shape are told apart") {
  TestEnviron test(Variables{{"HTTP_X_AB", "1"}, {"HTTP_Y_AB", "2"}});
  CHECK(test.env["HTTP_X_AB"] == "1");
  CHECK(test.env["HTTP_Y_AB"] == "2");
  CHECK_FALSE(test.env.contains("HTTP_Z_AB"));
}

TEST_CASE("The wsgi variables are members") {
  test::TextSource source("body");
  test::RecordingErrors sink;
  InputStream input(source, 4);
  ErrorStream errors(sink);
  Environ env(input, errors, {true, false, true});
  CHECK(env.version() == std::pair{1, 0});
  CHECK(env.url_scheme() == "http");
  detail::EnvironAccess::set_url_scheme(env, "https");
  CHECK(env.url_scheme() == "https");
  CHECK(env.multithread());
  CHECK_FALSE(env.multiprocess());
  CHECK(env.run_once());
  CHECK(env.input().read() == "body");
  env.errors().write("complaint\n");
  CHECK(sink.text == "complaint\n");
}

TEST_CASE("An attached object is found by its key and its type") {
  TestEnviron test(Variables{});
  CHECK(test.env.attached<int>("key") == nullptr);
  test.env.attach("key", 42);
  REQUIRE(test.env.attached<int>("key") != nullptr);
  CHECK(*test.env.attached<int>("key") == 42);
  CHECK(test.env.attached<long>("key") == nullptr);
  *test.env.attached<int>("key") = 43;
  CHECK(*test.env.attached<int>("key") == 43);
  test.env.attach("key", std::string("text"));
  CHECK(test.env.attached<int>("key") == nullptr);
  CHECK(*test.env.attached<std::string>("key") == "text");
}

}  // namespace
}  // namespace decant
