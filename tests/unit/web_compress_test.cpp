// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <array>

#include "decant/web/client.hpp"
#include "decant/web/middleware.hpp"
#include "decant/web/response.hpp"
#include "decant/web/send_file.hpp"
#include "support/catch.hpp"
#include "support/recording_exchange.hpp"
#include "support/temporary_directory.hpp"

namespace decant::web {
namespace {

/// What a gzip text stands for, as far as it has come; "broken" for another.
std::string inflated(std::string_view text, bool whole = true) {
  z_stream stream{};
  ::inflateInit2(&stream, 15 + 16);
  std::string out(1 << 22, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  const bool all = stream.avail_in == 0;
  ::inflateEnd(&stream);
  return result == (whole ? Z_STREAM_END : Z_OK) && all ? out : "broken";
}

const std::string long_text = [] {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + " bottles\n";
  return text;
}();

Reply ask(const Application& application, const char* accept = "gzip, br",
          std::string_view method = "GET") {
  return Client(compress()(application))
      .request(method, "/", {}, {{"Accept-Encoding", accept}});
}

bool is_compressed(const Response& response) {
  const Reply reply = ask(response);
  CHECK(reply.status < 400);
  return reply.header("Content-Encoding") == "gzip";
}

TEST_CASE("A long text is compressed for who accepts it") {
  const Application application = Response(long_text)
                                      .header("ETag", "\"1\"")
                                      .header("Accept-Ranges", "bytes");
  const Reply reply = ask(application);
  CHECK(reply.header("Content-Encoding") == "gzip");
  CHECK(reply.header("Vary") == "Accept-Encoding");
  CHECK(reply.header("ETag") == "W/\"1\"");
  CHECK(reply.header("Accept-Ranges").empty());
  CHECK(reply.header("Content-Length").empty());
  CHECK(reply.body.size() < long_text.size() / 2);
  CHECK(inflated(reply.body) == long_text);

  for (const char* const accept : {"", "br", "gzip;q=0", "identity"}) {
    CAPTURE(accept);
    const Reply plain = ask(application, accept);
    CHECK(plain.header("Content-Encoding").empty());
    CHECK(plain.header("Vary") == "Accept-Encoding");
    CHECK(plain.header("ETag") == "\"1\"");
    CHECK(plain.header("Content-Length") == std::to_string(long_text.size()));
    CHECK(plain.body == long_text);
  }
  const Reply head = ask(application, "gzip", "HEAD");
  CHECK(head.header("Vary") == "Accept-Encoding");
  CHECK(head.body.empty());
}

TEST_CASE("What is better left alone is left alone") {
  CHECK(is_compressed(Response(long_text)));
  CHECK(is_compressed(json(long_text)));
  CHECK(is_compressed(Response(long_text, "application/problem+json")));
  CHECK(is_compressed(Response(long_text, "image/svg+xml; charset=utf-8")));
  CHECK_FALSE(is_compressed(Response(long_text.substr(0, 1023))));
  CHECK(is_compressed(Response(long_text.substr(0, 1024))));
  CHECK_FALSE(is_compressed(Response(long_text, "image/png")));
  CHECK_FALSE(is_compressed(Response(long_text, "text/event-stream")));
  CHECK_FALSE(is_compressed(Response(long_text, "")));
  CHECK_FALSE(is_compressed(Response(long_text).status(206)));
  CHECK_FALSE(is_compressed(
      Response(long_text).header("Cache-Control", "public, no-transform")));
  CHECK(is_compressed(Response(long_text).header("Cache-Control", "public")));
  CHECK_FALSE(is_compressed(Response(204)));
  CHECK(ask(Response(long_text).header("Content-Encoding", "br")).body ==
        long_text);
}

TEST_CASE("What is streamed arrives chunk by chunk") {
  const Application application = [](Environ&, StartResponse start_response) {
    return [](StartResponse start) -> Chunks {
      start("200 OK", {{"Content-Type", "text/plain"}});
      co_yield "one ";
      co_yield "";
      co_yield "two ";
      co_yield "three";
    }(std::move(start_response));
  };
  test::RecordingExchange exchange;
  exchange.set("HTTP_ACCEPT_ENCODING", "gzip");
  CHECK(exchange.run(compress()(application)) == Outcome::complete);
  const auto& pieces = exchange.output.pieces;
  REQUIRE(pieces.size() >= 3);
  CHECK(inflated(pieces[0].chunk, false) == "one ");
  CHECK(inflated(pieces[0].chunk + pieces[1].chunk, false) == "one two ");
  CHECK(inflated(exchange.output.body()) == "one two three");
}

TEST_CASE("What is written goes the same way") {
  const Application application = [](Environ&, const StartResponse& start) {
    const Write write = start("200 OK", {{"Content-Type", "text/plain"}});
    write(long_text);
    write("");
    return Body(" and more");
  };
  const Reply reply = ask(application);
  CHECK(reply.header("Content-Encoding") == "gzip");
  CHECK(inflated(reply.body) == long_text + " and more");
  CHECK(ask(application, "br").body == long_text + " and more");
}

TEST_CASE("Files and lists are compressed whole") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("a.txt", long_text);
  const std::string small = directory.write("b.txt", "small");
  const auto send = [](const std::string& name) -> Application {
    return [name](Environ& env, const StartResponse& start_response) {
      return send_file(Request(env), name)(env, start_response);
    };
  };
  const Reply file = ask(send(path));
  CHECK(file.header("Content-Encoding") == "gzip");
  CHECK(inflated(file.body) == long_text);
  CHECK(ask(send(path), "br").body == long_text);
  CHECK(ask(send(path), "br").header("Content-Length") ==
        std::to_string(long_text.size()));
  CHECK(ask(send(small)).body == "small");
  const Application list = [](Environ&, const StartResponse& start_response) {
    start_response("200 OK", {{"Content-Type", "text/plain"}});
    return Body{long_text, long_text};
  };
  CHECK(inflated(ask(list).body) == long_text + long_text);
}

TEST_CASE("A file that is left alone may still be sent as a file") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("a.png", long_text);
  const Application site = request_id()(
      compress()([&path](Environ& env, const StartResponse& start_response) {
        return send_file(Request(env), path)(env, start_response);
      }));
  test::TestEnviron test(
      Variables{{"REQUEST_METHOD", "GET"}, {"HTTP_ACCEPT_ENCODING", "gzip"}});
  Body body = site(test.env, test::ignoring_start_response());
  REQUIRE(body.file().has_value());
  CHECK(body.file()->size == long_text.size());
  CHECK(body.size() == long_text.size());
}

TEST_CASE("Failures pass through") {
  const Application breaks = [](Environ&, const StartResponse& start) -> Body {
    start("200 OK", {{"Content-Type", "text/plain"}});
    throw std::runtime_error("oh");
  };
  CHECK(ask(breaks).status == 500);
  const Application replaces = [](Environ&,
                                  const StartResponse& start) -> Body {
    start("200 OK", {{"Content-Type", "text/plain"}});
    try {
      throw std::runtime_error("oh");
    } catch (...) {
      start("503 Service Unavailable", {{"Content-Type", "text/plain"}},
            std::current_exception());
    }
    return long_text;
  };
  const Reply replaced = ask(replaces);
  CHECK(replaced.status == 503);
  CHECK(inflated(replaced.body) == long_text);
  const Application twice = [](Environ&, const StartResponse& start) -> Body {
    start("200 OK", {{"Content-Type", "text/plain"}});
    start("200 OK", {{"Content-Type", "text/plain"}});
    return "x";
  };
  CHECK(ask(twice).status == 500);
  const Application silent = [](Environ&, const StartResponse&) -> Body {
    return "x";
  };
  CHECK(ask(silent).status == 500);
  const Application empty = [](Environ&, const StartResponse& start) -> Body {
    start("200 OK", {{"Content-Type", "text/plain"}});
    return {};
  };
  CHECK(ask(empty).header("Content-Length") == "0");
  const Application long_and_cut = [](Environ&, const StartResponse& start) {
    start("200 OK", {{"Content-Type", "text/plain"}});
    return Body([]() -> Chunks {
      co_yield "begun";
      throw std::runtime_error("oh");
    }());
  };
  const Reply cut = ask(long_and_cut);
  CHECK(cut.outcome == Outcome::cut_short);
  CHECK(inflated(cut.body, false) == "begun");
}

}  // namespace
}  // namespace decant::web
