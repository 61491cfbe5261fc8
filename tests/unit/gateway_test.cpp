// SPDX-License-Identifier: MIT
#include "decant/gateway.hpp"

#include <stdexcept>

#include "support/catch.hpp"
#include "support/recording_exchange.hpp"

namespace decant {
namespace {

using Catch::Contains;
using test::RecordingExchange;
using Piece = test::RecordingOutput::Piece;
using Pieces = std::vector<Piece>;

const Headers plain = {{"Content-Type", "text/plain"}};

Headers with_length(const char* length) {
  return {{"Content-Type", "text/plain"}, {"Content-Length", length}};
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++times;
  }
  return times;
}

/// A body made by a function, which counts how often it is closed.
class Source final : public BodySource {
 public:
  using Next = std::function<bool(std::string&)>;
  Source(int& closed, Next next) : closed_(closed), next_(std::move(next)) {}
  bool next(std::string& chunk) override { return next_(chunk); }
  void close() override { ++closed_; }

 private:
  int& closed_;
  Next next_;
};

Body source(int& closed, Source::Next next) {
  return std::make_unique<Source>(closed, std::move(next));
}

/// A body of these chunks whose number is not known beforehand.
Body chunks(int& closed, std::vector<std::string> texts) {
  return source(closed,
                [texts = std::move(texts), at = 0U](std::string& c) mutable {
                  if (at == texts.size()) return false;
                  c = texts[at++];
                  return true;
                });
}

TEST_CASE("A text is sent in one piece with its inferred Content-Length") {
  RecordingExchange exchange;
  const Outcome outcome =
      exchange.run([](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain);
        return "Hello world!\n";
      });
  CHECK(outcome == Outcome::complete);
  CHECK(exchange.output.status == "200 OK");
  CHECK(exchange.output.headers == with_length("13"));
  CHECK(exchange.output.content_length == 13U);
  CHECK(exchange.output.has_content);
  CHECK(exchange.output.pieces == Pieces{{"Hello world!\n", true}});
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("start_response transmits nothing") {
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", plain);
    CHECK(exchange.output.starts == 0);
    return Body("x");
  });
  CHECK(exchange.output.starts == 1);
}

TEST_CASE("The head goes out with the first non-empty chunk") {
  RecordingExchange exchange;
  int closed = 0;
  int asked = 0;
  exchange.run([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", plain);
    return source(closed, [&](std::string& chunk) {
      // Each chunk is sent before the next one is asked for.
      CHECK(exchange.output.starts == (asked > 2 ? 1 : 0));
      if (asked == 2) chunk = "first";
      return ++asked < 5;
    });
  });
  CHECK(exchange.output.pieces == Pieces{{"first", false}});
  CHECK(exchange.output.content_length == std::nullopt);
  CHECK(closed == 1);
}

TEST_CASE("Each chunk is sent before the next one is asked for") {
  RecordingExchange exchange;
  int closed = 0;
  std::size_t asked = 0;
  exchange.run([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", plain);
    return source(closed, [&](std::string& chunk) {
      CHECK(exchange.output.pieces.size() == asked);
      chunk = "x";
      return ++asked < 4;
    });
  });
  CHECK(exchange.output.body() == "xxx");
}

TEST_CASE("Bytes are not altered") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\n\r\n\r";
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", plain);
    return Body(bytes);
  });
  CHECK(exchange.output.body() == bytes);
}

TEST_CASE("A body of several known chunks has no inferred length") {
  RecordingExchange exchange;
  exchange.run([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain);
    return {"one", "", "two"};
  });
  CHECK(exchange.output.headers == plain);
  CHECK(exchange.output.pieces == Pieces{{"one", false}, {"two", true}});
}

TEST_CASE("A body without bytes has the length 0") {
  RecordingExchange exchange;
  int closed = 0;
  const int kind = GENERATE(0, 1, 2);
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain);
    if (kind == 0) return {};
    if (kind == 1) return "";
    return chunks(closed, {"", ""});
  });
  CHECK(exchange.output.headers == with_length("0"));
  CHECK(exchange.output.pieces == Pieces{{"", true}});
}

TEST_CASE("An inferred Content-Length comes after the application's headers") {
  RecordingExchange exchange;
  exchange.run([](Environ&, const StartResponse& start_response) -> Body {
    start_response(
        "200 OK",
        {{"Z", "1"}, {"Set-Cookie", "a"}, {"A", "2"}, {"Set-Cookie", "b"}});
    return "x";
  });
  CHECK(exchange.output.headers == Headers{{"Z", "1"},
                                           {"Set-Cookie", "a"},
                                           {"A", "2"},
                                           {"Set-Cookie", "b"},
                                           {"Content-Length", "1"}});
}

TEST_CASE("No length is inferred once write was used") {
  RecordingExchange exchange;
  exchange.run([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain)("written ");
    return "returned";
  });
  CHECK(exchange.output.headers == plain);
  CHECK(exchange.output.pieces ==
        Pieces{{"written ", false}, {"returned", true}});
}

TEST_CASE("A write is sent before it returns, an empty one sends nothing") {
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    const Write write = start_response("200 OK", plain);
    write("");
    CHECK(exchange.output.starts == 0);
    write("one");
    CHECK(exchange.output.pieces == Pieces{{"one", false}});
    write("two");
    CHECK(exchange.output.pieces.size() == 2);
    return {};
  });
  CHECK(exchange.output.body() == "onetwo");
}

TEST_CASE("A generator may call start_response at its first step") {
  RecordingExchange exchange;
  const Outcome outcome =
      exchange.run([](Environ&, StartResponse start_response) -> Chunks {
        start_response("200 OK", plain);
        co_yield "one ";
        co_yield "two";
      });
  CHECK(outcome == Outcome::complete);
  CHECK(exchange.output.status == "200 OK");
  CHECK(exchange.output.body() == "one two");
}

TEST_CASE("A body past its Content-Length is cut there and logged") {
  RecordingExchange exchange;
  int closed = 0;
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) {
        start_response("200 OK", with_length("5"));
        return chunks(closed, {"1234", "5678", "never asked for"});
      });
  CHECK(outcome == Outcome::complete);
  CHECK(exchange.output.pieces == Pieces{{"1234", false}, {"5", true}});
  CHECK(closed == 1);
  CHECK_THAT(exchange.errors.text, Contains("3 bytes more"));
}

TEST_CASE("A body is not asked on once its Content-Length is reached") {
  RecordingExchange exchange;
  int closed = 0;
  int asked = 0;
  exchange.run([&](Environ&, const StartResponse& start_response) {
    start_response("200 OK", with_length("2"));
    return source(closed, [&](std::string& chunk) {
      ++asked;
      chunk = "ab";
      return true;
    });
  });
  CHECK(asked == 1);
  CHECK(closed == 1);
  CHECK(exchange.output.pieces == Pieces{{"ab", true}});
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("A body short of its Content-Length leaves the response cut") {
  RecordingExchange exchange;
  int closed = 0;
  const int kind = GENERATE(0, 1, 2);
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", with_length("10"));
        if (kind == 0) return "123";  // of known length
        if (kind == 1) return chunks(closed, {"12", "3"});
        return {};
      });
  CHECK(outcome == Outcome::cut_short);
  CHECK(exchange.output.content_length == 10U);
  for (const Piece& piece : exchange.output.pieces) CHECK_FALSE(piece.last);
  CHECK_THAT(exchange.errors.text,
             Contains(kind == 2 ? "0 of the 10" : "3 of the 10"));
}

TEST_CASE("A write past Content-Length throws and sends nothing of it") {
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    const Write write = start_response("200 OK", with_length("5"));
    write("123");
    CHECK_THROWS_AS(write("456"), ApplicationError);
    write("45");
    return {};
  });
  CHECK(exchange.output.pieces == Pieces{{"123", false}, {"45", true}});
}

TEST_CASE("A second start_response without an error is refused") {
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain);
    CHECK_THROWS_WITH(start_response("404 Not Found", plain),
                      Contains("a second time"));
    return "x";
  });
  CHECK(exchange.output.status == "200 OK");
}

TEST_CASE("A malformed status or header throws inside start_response") {
  RecordingExchange exchange;
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    CHECK_THROWS_AS(start_response("200", plain), ApplicationError);
    // PEP 3333: from then on only with the exception, even though the first
    // call raised.
    CHECK_THROWS_AS(start_response("200 OK", plain), ApplicationError);
    const auto error = std::make_exception_ptr(std::runtime_error("x"));
    CHECK_THROWS_AS(start_response("200 OK", {{"a b", ""}}, error),
                    ApplicationError);
    start_response("500 Failed", plain, error);
    return "sorry";
  });
  CHECK(exchange.output.status == "500 Failed");
}

TEST_CASE("With an error start_response replaces all that was announced") {
  RecordingExchange exchange;
  exchange.run([](Environ&, const StartResponse& start_response) -> Body {
    start_response("200 OK", {{"X-Old", "1"}, {"Content-Length", "99"}});
    start_response("503 Down", plain,
                   std::make_exception_ptr(std::runtime_error("x")));
    return "down";
  });
  CHECK(exchange.output.status == "503 Down");
  CHECK(exchange.output.headers == with_length("4"));
  CHECK(exchange.output.body() == "down");
}

TEST_CASE("With an error after the head start_response throws the error") {
  RecordingExchange exchange;
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain)("sent");
        try {
          throw std::logic_error("the cause");
        } catch (...) {
          start_response("500 Failed", plain, std::current_exception());
        }
        FAIL_CHECK("start_response came back");
        return {};
      });
  CHECK(outcome == Outcome::cut_short);
  CHECK(exchange.output.status == "200 OK");
  CHECK_THAT(exchange.errors.text, Contains("std::logic_error: the cause"));
}

TEST_CASE("Without start_response the answer is 500") {
  RecordingExchange exchange;
  int closed = 0;
  const int kind = GENERATE(0, 1, 2);
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse&) -> Body {
        if (kind == 0) return "text";
        if (kind == 1) return chunks(closed, {"", "text"});
        return {};
      });
  CHECK(outcome == Outcome::failed);
  CHECK(exchange.output.status == "500 Internal Server Error");
  CHECK_THAT(exchange.errors.text, Contains("before start_response()"));
  CHECK(closed == (kind == 1 ? 1 : 0));
}

TEST_CASE("A call after the request has ended is refused") {
  RecordingExchange exchange;
  std::vector<StartResponse> kept;
  std::vector<Write> writes;
  exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
    kept.push_back(start_response);
    writes.push_back(start_response("200 OK", plain));
    return "x";
  });
  CHECK_THROWS_WITH(kept[0]("200 OK", plain), Contains("has ended"));
  CHECK_THROWS_WITH(kept[0]("200 OK", plain, std::make_exception_ptr(1)),
                    Contains("has ended"));
  CHECK_THROWS_WITH(writes[0]("x"), Contains("has ended"));
  CHECK(exchange.output.body() == "x");
}

TEST_CASE("HEAD gets the head of GET and no body") {
  RecordingExchange exchange;
  exchange.set("REQUEST_METHOD", "HEAD");
  int closed = 0;
  SECTION("with an inferred length") {
    CHECK(exchange.run([](Environ&, const StartResponse& start_response) {
      start_response("200 OK", plain);
      return Body("12345");
    }) == Outcome::complete);
    CHECK(exchange.output.headers == with_length("5"));
  }
  SECTION("with a declared length and no body at all") {
    CHECK(exchange.run([](Environ&, const StartResponse& start_response) {
      start_response("200 OK", with_length("99"));
      return Body();
    }) == Outcome::complete);
    CHECK(exchange.output.headers == with_length("99"));
  }
  SECTION("without a length when there is no body to infer it from") {
    exchange.run([](Environ&, const StartResponse& start_response) {
      start_response("200 OK", plain);
      return Body();
    });
    CHECK(exchange.output.headers == plain);
  }
  SECTION("and its body is closed") {
    exchange.run([&](Environ&, const StartResponse& start_response) {
      start_response("200 OK", plain);
      return chunks(closed, {"a", "b"});
    });
    CHECK(closed == 1);
  }
  SECTION("and what it writes goes nowhere") {
    exchange.run([&](Environ&, const StartResponse& start_response) {
      start_response("200 OK", with_length("2"))("abcd");
      return Body();
    });
  }
  CHECK(exchange.output.pieces == Pieces{{"", true}});
  CHECK_FALSE(exchange.output.has_content);
  CHECK(exchange.errors.text.empty());
}

TEST_CASE("204 and 304 have no body and no headers about one") {
  const std::string status = GENERATE("204 No Content", "304 Not Modified");
  RecordingExchange exchange;
  int closed = 0;
  SECTION("when the application is right") {
    CHECK(exchange.run([&](Environ&, const StartResponse& start_response) {
      start_response(status, {{"ETag", "x"}});
      return Body();
    }) == Outcome::complete);
    CHECK(exchange.errors.text.empty());
  }
  SECTION("when it is wrong, with one warning") {
    CHECK(exchange.run([&](Environ&, const StartResponse& start_response) {
      start_response(status, {{"Content-Type", "text/plain"},
                              {"ETag", "x"},
                              {"Content-Length", "4"}});
      return chunks(closed, {"body", "more"});
    }) == Outcome::complete);
    CHECK(closed == 1);
    CHECK(count(exchange.errors.text, "\n") == 1);
    CHECK_THAT(exchange.errors.text, Contains("has no content"));
  }
  CHECK(exchange.output.status == status);
  CHECK(exchange.output.headers == Headers{{"ETag", "x"}});
  CHECK(exchange.output.pieces == Pieces{{"", true}});
  CHECK_FALSE(exchange.output.has_content);
}

TEST_CASE("An application that throws is answered with 500, without a word") {
  RecordingExchange exchange;
  exchange.set("REQUEST_URI", "/secret?x");
  int closed = 0;
  const int kind = GENERATE(0, 1, 2, 3);
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
        if (kind == 0) throw std::runtime_error("the secret");
        start_response("200 OK", {{"X-Old", "1"}});
        if (kind == 1) throw std::runtime_error("the secret");
        return source(closed, [kind, n = 0](std::string&) mutable -> bool {
          if (kind == 3 && ++n == 1) return true;  // an empty chunk before
          throw std::runtime_error("the secret");
        });
      });
  CHECK(outcome == Outcome::failed);
  CHECK(exchange.output.starts == 1);
  CHECK(exchange.output.status == "500 Internal Server Error");
  CHECK(find_header(exchange.output.headers, "X-Old") == nullptr);
  CHECK(exchange.output.body() == "500 Internal Server Error\n");
  CHECK(exchange.output.pieces.back().last);
  CHECK(exchange.errors.text ==
        "decant: GET /secret?x: std::runtime_error: the secret\n");
  CHECK(closed == (kind >= 2 ? 1 : 0));
}

TEST_CASE("What is no exception class is caught too") {
  RecordingExchange exchange;
  CHECK(exchange.run([](Environ&, const StartResponse&) -> Body {
    throw 42;
  }) == Outcome::failed);
  CHECK_THAT(exchange.errors.text, Contains("an exception of type int"));
}

TEST_CASE("A failure after the head leaves the response cut") {
  RecordingExchange exchange;
  int closed = 0;
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) {
        start_response("200 OK", plain);
        return source(closed, [n = 0](std::string& chunk) mutable {
          if (++n == 2) throw std::runtime_error("in the middle");
          chunk = "begin";
          return true;
        });
      });
  CHECK(outcome == Outcome::cut_short);
  CHECK(exchange.output.starts == 1);
  CHECK(exchange.output.pieces == Pieces{{"begin", false}});
  CHECK(closed == 1);
  CHECK_THAT(exchange.errors.text, Contains("in the middle"));
}

TEST_CASE("An unusable request never reaches the application") {
  RecordingExchange exchange;
  const auto never = [](Environ&, const StartResponse&) -> Body {
    FAIL_CHECK("the application was called");
    return {};
  };
  SECTION("400 for a length that is no number") {
    exchange.set("CONTENT_LENGTH", "many");
    CHECK(exchange.run(never) == Outcome::refused);
    CHECK(exchange.output.status == "400 Bad Request");
  }
  SECTION("400 without a method") {
    exchange.variables.clear();
    CHECK(exchange.run(never) == Outcome::refused);
    CHECK(exchange.output.status == "400 Bad Request");
    CHECK_THAT(exchange.output.body(), !Contains("REQUEST_METHOD"));
  }
  SECTION("413 for a body that is too long") {
    exchange.set("CONTENT_LENGTH", "100");
    exchange.rules.max_body = 99;
    CHECK(exchange.run(never) == Outcome::refused);
    CHECK(exchange.output.status == "413 Content Too Large");
  }
  CHECK(count(exchange.errors.text, "\n") == 1);
}

TEST_CASE("A request body that is cut short or too long is answered so") {
  RecordingExchange exchange;
  exchange.input = test::TextSource("four");
  const Application reads = [](Environ& env, const StartResponse&) -> Body {
    env.input().read();
    FAIL_CHECK("the body was taken for whole");
    return {};
  };
  SECTION("400 when bytes are missing") {
    exchange.set("CONTENT_LENGTH", "5");
    CHECK(exchange.run(reads) == Outcome::refused);
    CHECK(exchange.output.status == "400 Bad Request");
  }
  SECTION("413 when it has no length and grows too long") {
    exchange.framing = normaliser::Framing::end_of_stream;
    exchange.rules.max_body = 3;
    CHECK(exchange.run(reads) == Outcome::refused);
    CHECK(exchange.output.status == "413 Content Too Large");
  }
}

TEST_CASE("The application reads the body that was sent, as far as it goes") {
  RecordingExchange exchange;
  exchange.input = test::TextSource("body and what follows");
  exchange.set("CONTENT_LENGTH", "4");
  exchange.run([](Environ& env, const StartResponse& start_response) -> Body {
    start_response("200 OK", plain);
    return env.input().read();
  });
  CHECK(exchange.output.body() == "body");
}

TEST_CASE("A client that left is an outcome and not an error") {
  RecordingExchange exchange;
  int closed = 0;
  exchange.output.gone_at = GENERATE(0U, 1U);
  const bool by_write = GENERATE(false, true);
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
        const Write write = start_response("200 OK", plain);
        if (by_write) {
          write("a");
          write("b");
          FAIL_CHECK("nobody was told");
        }
        return chunks(closed, {"a", "b", "c"});
      });
  CHECK(outcome == Outcome::client_gone);
  CHECK(closed == (by_write ? 0 : 1));
  CHECK(exchange.errors.text.empty());
  // One byte was taken of each chunk, and none of the chunk that failed.
  const std::string taken = std::to_string(exchange.output.gone_at);
  CHECK(exchange.errors.remarks ==
        std::vector<std::string>{"GET /: the client left after " + taken +
                                 " bytes of the response"});
}

TEST_CASE("A client that left before the error page is an outcome too") {
  RecordingExchange exchange;
  exchange.output.gone_at = 0;
  const Outcome outcome =
      exchange.run([](Environ&, const StartResponse&) -> Body {
        throw std::runtime_error("failed");
      });
  CHECK(outcome == Outcome::client_gone);
}

TEST_CASE("A close that throws is logged and changes nothing else") {
  class BadClose final : public BodySource {
   public:
    explicit BadClose(int& closed) : closed_(closed) {}
    bool next(std::string& chunk) override {
      chunk = "text";
      return std::exchange(first_, false);
    }
    void close() override {
      ++closed_;
      throw std::runtime_error("cannot close");
    }

   private:
    int& closed_;
    bool first_ = true;
  };
  RecordingExchange exchange;
  int closed = 0;
  const Outcome outcome =
      exchange.run([&](Environ&, const StartResponse& start_response) -> Body {
        start_response("200 OK", plain);
        return std::make_unique<BadClose>(closed);
      });
  CHECK(outcome == Outcome::complete);
  CHECK(closed == 1);
  CHECK(exchange.output.body() == "text");
  CHECK_THAT(exchange.errors.text,
             Contains("close: std::runtime_error: cannot close"));
}

TEST_CASE("A body may still use the environ while it is closed") {
  struct Leaving {
    explicit Leaving(Environ& e) : env(e) {}
    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;
    ~Leaving() { env.errors().write(std::string(env["PATH_INFO"]) + '\n'); }
    Environ& env;
  };
  RecordingExchange exchange;
  exchange.output.gone_at = 1;
  exchange.run([](Environ& env, StartResponse start_response) -> Chunks {
    const Leaving leaving(env);
    start_response("200 OK", plain);
    co_yield "one";
    co_yield "two";
    co_yield "three";
  });
  CHECK(exchange.errors.text == "/\n");
}

TEST_CASE("Log lines name the request and are escaped") {
  RecordingExchange exchange;
  exchange.set("REQUEST_METHOD", "GET");
  exchange.set("REQUEST_URI", "/a\nforged: line");
  exchange.run([](Environ&, const StartResponse&) -> Body {
    throw std::runtime_error("two\nlines \x1B[31m");
  });
  CHECK(exchange.errors.text ==
        "decant: GET /a\\x0aforged: line: std::runtime_error: "
        "two\\x0alines \\x1b[31m\n");
}

TEST_CASE("What the application wrote to its log comes before the failure") {
  RecordingExchange exchange;
  exchange.run([](Environ& env, const StartResponse&) -> Body {
    env.errors().write("unfinished");
    throw std::runtime_error("failed");
  });
  CHECK(exchange.errors.text ==
        "unfinished\ndecant: GET /: std::runtime_error: failed\n");
}

TEST_CASE("The environ is fresh for each request") {
  RecordingExchange exchange;
  const Application application = [](Environ& env,
                                     const StartResponse& start_response) {
    const bool seen = env.contains("LEFT_BEHIND");
    env.set("LEFT_BEHIND", "x");
    env.erase("PATH_INFO");
    start_response("200 OK", plain);
    return Body(seen ? "seen" : "fresh");
  };
  exchange.run(application);
  exchange.run(application);
  CHECK(exchange.output.body() == "freshfresh");
}

}  // namespace
}  // namespace decant
