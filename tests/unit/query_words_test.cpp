// SPDX-License-Identifier: MIT
#include "decant/command/query_words.hpp"

#include "support/catch.hpp"

using decant::command::without_query_words;
using Words = std::vector<std::string>;

TEST_CASE("words of a query are taken off the end of the command line") {
  CHECK(without_query_words({"run", "x"}, "run+x").empty());
  CHECK(without_query_words({"app.so", "--env", "A"}, "--env+A") ==
        Words{"app.so"});
  CHECK(without_query_words({"cgi", "/bin/sh"}, "cgi+%2Fbin%2Fsh").empty());
}

TEST_CASE("words that a web server escaped for a shell are recognised") {
  CHECK(without_query_words({"a\\;b", "c\\\\d"}, "a%3Bb+c%5Cd").empty());
}

TEST_CASE("the owner's words stay when the query is not among them") {
  CHECK(without_query_words({"cgi", "app.so"}, "a+b") ==
        Words{"cgi", "app.so"});
  CHECK(without_query_words({"cgi", "app.so"}, "") == Words{"cgi", "app.so"});
  CHECK(without_query_words({"x"}, "a+b+c") == Words{"x"});
}

TEST_CASE("a query with an equals sign never becomes words") {
  CHECK(without_query_words({"a=b"}, "a=b") == Words{"a=b"});
}
