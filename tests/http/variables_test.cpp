// SPDX-License-Identifier: MIT
// SCGI and uwsgi: bytes that a peer sends, and what comes of them. Both carry
// CGI variables in front of a body, one request on a connection.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/socket_client.hpp"
#include "support/variables_wire.hpp"

using namespace decant::test;
using Catch::Matchers::Equals;

namespace {

struct Row {
  std::string name;
  std::string bytes;
  int status = 200;  ///< 0: closed without an answer
  /// A part of what comes back; what begins with '!' does not come.
  std::string holds = {};
};

const Pairs a_get = {
    {"CONTENT_LENGTH", "0"},        {"SCGI", "1"},
    {"REQUEST_METHOD", "GET"},      {"REQUEST_URI", "/a%20b?c"},
    {"PATH_INFO", "/a b"},          {"SCRIPT_NAME", ""},
    {"QUERY_STRING", "c"},          {"HTTP_HOST", "h"},
    {"SERVER_NAME", "s"},           {"SERVER_PORT", "80"},
    {"SERVER_PROTOCOL", "HTTP/1.1"}};

/// The request above with other values, or further variables.
Pairs with(const Pairs& changes) {
  Pairs all = a_get;
  for (const auto& [name, value] : changes) {
    bool found = false;
    for (auto& [known, old] : all) {
      if (known != name || found) continue;
      old = value;
      found = true;
    }
    if (!found) all.emplace_back(name, value);
  }
  return all;
}

Pairs without(const std::vector<std::string>& names) {
  Pairs all = a_get;
  for (const std::string& name : names) {
    std::erase_if(all, [&](const auto& pair) { return pair.first == name; });
  }
  return all;
}

Pairs twice(const std::string& name, const std::string& one,
            const std::string& other) {
  Pairs all = without({name});
  all.emplace_back(name, one);
  all.emplace_back(name, other);
  return all;
}

Pairs many(int count) {
  Pairs all = a_get;
  for (int i = 0; i < count; ++i) {
    all.emplace_back("HTTP_X_" + std::to_string(i), "v");
  }
  return all;
}

/// What is the same in both, however the variables are encoded.
template <class Encode>
std::vector<Row> common_rows(const Encode& encode) {
  const auto post = [&](const std::string& length, const std::string& body) {
    return encode(
        with({{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", length}}), body);
  };
  std::vector<Row> rows = {
      {"a request", encode(a_get, ""), 200, "path=/a b\n"},
      {"its target", encode(a_get, ""), 200, "uri=/a%20b?c\n"},
      {"its query", encode(a_get, ""), 200, "query=c\n"},
      {"its host", encode(a_get, ""), 200, "host=h\n"},
      {"no body", encode(a_get, ""), 200, "body=\n"},
      {"no keep-alive", encode(a_get, ""), 200, "!Connection:"},
      {"no chunks", encode(with({{"PATH_INFO", "/stream"}}), ""), 200,
       "!Transfer-Encoding"},
      {"a stream", encode(with({{"PATH_INFO", "/stream"}}), ""), 200,
       "\r\n\r\nonetwo"},
      {"a known length", encode(with({{"PATH_INFO", "/known"}}), ""), 200,
       "Content-Length: 5\r\n"},
      {"a body", post("5", "hello"), 200, "body=hello\n"},
      {"a body of 100,000 bytes", post("100000", std::string(100'000, 'x')),
       200, "xxxx\n"},
      {"a body with more behind it", post("5", "helloworld"), 200,
       "body=hello\n"},
      {"a body that looks like a request", post("6", std::string("5:a\0b,", 6)),
       200},
      {"a body that is cut short", post("9", "hello"), 400},
      {"a body that nobody reads",
       encode(with({{"PATH_INFO", "/known"}, {"CONTENT_LENGTH", "5"}}),
              "hello"),
       200},
      {"leading zeros in the length", post("005", "hello"), 200,
       "body=hello\n"},
      {"no length", encode(without({"CONTENT_LENGTH"}), ""), 200, "body=\n"},
      {"an empty length", post("", ""), 200, "body=\n"},
      {"a length that is no number", post("x", ""), 400},
      {"a length with a plus", post("+5", "hello"), 400},
      {"a length that is a list", post("5, 5", "hello"), 400},
      {"a length of hexadecimal digits", post("0x5", "hello"), 400},
      {"a length beyond 2^63", post("9223372036854775808", ""), 400},
      {"two lengths", encode(twice("CONTENT_LENGTH", "5", "6"), "hello!"), 400},
      {"two equal lengths", encode(twice("CONTENT_LENGTH", "5", "5"), "hello"),
       200, "body=hello\n"},
      {"a header twice", encode(with({{"HTTP_X_A", "b"}}), ""), 200,
       "HTTP_X_A=b\n"},
      {"repeated headers are joined",
       encode(
           [] {
             Pairs all = with({{"HTTP_X_A", "b"}});
             all.emplace_back("HTTP_X_A", "c");
             return all;
           }(),
           ""),
       200, "HTTP_X_A=b, c\n"},
      {"repeated cookies are joined",
       encode(
           [] {
             Pairs all = with({{"HTTP_COOKIE", "a=b"}});
             all.emplace_back("HTTP_COOKIE", "c=d");
             return all;
           }(),
           ""),
       200, "HTTP_COOKIE=a=b; c=d\n"},
      {"Proxy is dropped", encode(with({{"HTTP_PROXY", "x"}}), ""), 200,
       "!HTTP_PROXY"},
      {"an empty value", encode(with({{"HTTP_X_A", ""}}), ""), 200,
       "HTTP_X_A=\n"},
      {"an empty name", encode(with({{"", "b"}}), ""), 400},
      {"a name with an equals sign", encode(with({{"A=B", "c"}}), ""), 400},
      {"a name with a control character", encode(with({{"A\nB", "c"}}), ""),
       400},
      {"no method", encode(without({"REQUEST_METHOD"}), ""), 400},
      {"a method that is none", encode(with({{"REQUEST_METHOD", "G T"}}), ""),
       400},
      {"a method that nobody knows",
       encode(with({{"REQUEST_METHOD", "BREW"}}), ""), 200, "method=BREW\n"},
      {"HEAD", encode(with({{"REQUEST_METHOD", "HEAD"}}), ""), 200, "!method="},
      {"https", encode(with({{"HTTPS", "on"}}), ""), 200, "scheme=https\n"},
      {"the scheme", encode(with({{"REQUEST_SCHEME", "https"}}), ""), 200,
       "scheme=https\n"},
      {"bytes beyond ASCII", encode(with({{"HTTP_X_A", "\xc3\xa9"}}), ""), 200,
       "HTTP_X_A=\xc3\xa9\n"},
      {"neither path: DOCUMENT_URI",
       encode(
           [] {
             Pairs all = without({"PATH_INFO", "SCRIPT_NAME"});
             all.emplace_back("DOCUMENT_URI", "/d e");
             return all;
           }(),
           ""),
       200, "path=/d e\n"},
      {"neither path, nor DOCUMENT_URI",
       encode(without({"PATH_INFO", "SCRIPT_NAME"}), ""), 200, "path=/a b\n"},
      {"the whole path in SCRIPT_NAME",
       encode(
           [] {
             Pairs all = without({"PATH_INFO"});
             all.emplace_back("SCRIPT_NAME", "/x/y");
             return all;
           }(),
           ""),
       200, "path=/x/y\n"},
      {"a thousand variables", encode(many(900), ""), 200, "HTTP_X_899=v\n"},
      {"an application that fails", encode(with({{"PATH_INFO", "/fails"}}), ""),
       500},
      {"204", encode(with({{"PATH_INFO", "/204"}}), ""), 204,
       "!Content-Length"},
      {"304", encode(with({{"PATH_INFO", "/304"}}), ""), 304},
      {"nothing", "", 0},
      {"HTTP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 0},
      {"half a request", encode(a_get, "").substr(0, 20), 0},
      {"a request less one byte",
       encode(a_get, "").substr(0, encode(a_get, "").size() - 1), 0},
  };
  return rows;
}

std::vector<Row> scgi_rows() {
  std::vector<Row> rows = common_rows(scgi_request);
  // What is no request at all.
  rows.push_back({"a whole path that is split",
                  scgi_request(with({{"PATH_INFO", "/a/b"}})), 200,
                  "path=/a/b\n"});
  for (const char* const front :
       {":", "x:", "-5:", "+5:", " 5:", "05:", "00:", "5x:", "0x5:", "5 :",
        "1234567890:", "99999999999999999999:"}) {
    rows.push_back({std::string("a netstring that begins with ") + front,
                    front + scgi_variables(a_get) + ',', 0});
  }
  rows.push_back({"digits without end", std::string(100, '1'), 0});
  rows.push_back({"an empty netstring", "0:,", 400});
  rows.push_back({"no comma",
                  std::to_string(scgi_variables(a_get).size()) + ':' +
                      scgi_variables(a_get) + ';',
                  0});
  rows.push_back(
      {"a name without value", netstring("A" + std::string(1, '\0')), 0});
  rows.push_back({"no NUL at the end", netstring(std::string("A\0b", 3)), 0});
  rows.push_back({"no NUL", netstring("A"), 0});
  rows.push_back({"beyond --max-params",
                  scgi_request(with({{"HTTP_X_A", std::string(70'000, 'a')}})),
                  431});
  rows.push_back({"beyond it, before it has come", "999999999:", 431});
  rows.push_back({"more than 1,000 variables", scgi_request(many(1000)), 431});
  return rows;
}

std::vector<Row> uwsgi_rows() {
  std::vector<Row> rows = common_rows(uwsgi_request);
  rows.push_back(
      {"SCRIPT_NAME is taken off",
       uwsgi_packet(30, uwsgi_variables(with(
                            {{"SCRIPT_NAME", "/a"}, {"PATH_INFO", "/a/b"}}))),
       200, "path=/b\n"});
  rows.push_back(
      {"it is the whole path",
       uwsgi_packet(30, uwsgi_variables(with(
                            {{"SCRIPT_NAME", "/a"}, {"PATH_INFO", "/a"}}))),
       200, "path=\n"});
  rows.push_back(
      {"it is none",
       uwsgi_packet(30, uwsgi_variables(with(
                            {{"SCRIPT_NAME", "/a"}, {"PATH_INFO", "/ab"}}))),
       200, "path=/ab\n"});
  rows.push_back({"UWSGI_SCHEME",
                  uwsgi_request(with({{"UWSGI_SCHEME", "https"}})), 200,
                  "scheme=https\n"});
  rows.push_back({"UWSGI_FILE is a variable",
                  uwsgi_request(with({{"UWSGI_FILE", "/etc/passwd"}})), 200,
                  "path=/a b\n"});
  for (const int modifier : {1, 5, 9, 17, 18, 31, 99, 101, 254, 255}) {
    rows.push_back({"the modifier " + std::to_string(modifier),
                    uwsgi_packet(modifier, uwsgi_variables(a_get)), 0});
  }
  rows.push_back({"an empty packet", uwsgi_packet(0, ""), 400});
  rows.push_back({"a name that crosses the end",
                  uwsgi_packet(0, std::string("\x05\0A", 3)), 0});
  rows.push_back({"a value that crosses the end",
                  uwsgi_packet(0, uwsgi_sized("A") + std::string("\x05\0b", 3)),
                  0});
  rows.push_back(
      {"a rest of one byte", uwsgi_packet(0, uwsgi_variables(a_get) + "x"), 0});
  rows.push_back(
      {"a name without value", uwsgi_packet(0, uwsgi_sized("A")), 0});
  rows.push_back(
      {"a length without name", uwsgi_packet(0, std::string("\x01\0", 2)), 0});
  rows.push_back({"more than 1,000 variables", uwsgi_request(many(1000)), 431});
  return rows;
}

std::string complaint(const Row& row, const std::string& received,
                      bool was_closed) {
  if (!was_closed) return " not closed";
  const std::size_t space = received.find(' ');
  const std::string status =
      space == std::string::npos ? "0" : received.substr(space + 1, 3);
  if (status != std::to_string(row.status)) return " answers " + received;
  if (row.holds.empty()) return {};
  const bool absent = row.holds.front() == '!';
  const bool found =
      received.find(row.holds.substr(absent ? 1 : 0)) != std::string::npos;
  return found == absent ? " in " + received : "";
}

std::string play(const std::string& endpoint, const Row& row,
                 const std::vector<std::string>& pieces) {
  SocketClient client(endpoint);
  for (const std::string& piece : pieces) {
    if (!client.send(piece)) break;
  }
  client.finish_sending();
  const bool closed = client.wait_for_end();
  return complaint(row, client.received(), closed);
}

void check(const std::string& protocol, const std::vector<Row>& rows) {
  const TemporaryDirectory directory;
  const Service service({application("http_echo"), "--processes", "0",
                         "--max-params", "65536,1000"},
                        "unix:" + directory / "s", protocol);
  std::string complaints;
  for (const Row& row : rows) {
    std::vector<std::string> bytes;
    for (const char c : row.bytes) bytes.emplace_back(1, c);
    for (const auto& pieces :
         {std::vector<std::string>{row.bytes},
          row.bytes.size() < 2000 ? bytes
                                  : std::vector<std::string>{row.bytes}}) {
      const std::string found = play(service.endpoint(), row, pieces);
      if (!found.empty()) {
        complaints += row.name + " in " + std::to_string(pieces.size()) +
                      " pieces:" + found + '\n';
      }
    }
  }
  CHECK_THAT(complaints, Equals(""));
  CHECK(rows.size() >= 60);
  const std::string whole = rows.front().bytes;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    INFO("split at " << cut);
    CHECK_THAT(play(service.endpoint(), rows.front(),
                    {whole.substr(0, cut), whole.substr(cut)}),
               Equals(""));
  }
}

}  // namespace

TEST_CASE("the SCGI table", "[scgi]") {
  check("scgi", scgi_rows());
}

TEST_CASE("the uwsgi table", "[uwsgi]") {
  check("uwsgi", uwsgi_rows());
}

TEST_CASE("a ping is answered with one", "[uwsgi]") {
  const TemporaryDirectory directory;
  const Service service({application("http_echo"), "--processes", "0"},
                        "unix:" + directory / "s", "uwsgi");
  SocketClient client(service.endpoint());
  client.send(uwsgi_packet(100, ""));
  CHECK(client.receive_until([&] { return client.received().size() == 4; }));
  CHECK(client.received() == std::string("\x64\0\0\1", 4));
}

TEST_CASE("four protocols at the doors of one service", "[scgi]") {
  const TemporaryDirectory directory;
  const auto door = [&](const std::string& protocol) {
    return "unix:" + directory / protocol;
  };
  const Service service(
      {application("http_echo"), "--processes", "0", "--listen",
       "http://" + door("http"), "--listen", "scgi://" + door("scgi"),
       "--listen", "uwsgi://" + door("uwsgi")},
      door("fcgi"));
  const Row row{"a request", scgi_request(a_get), 200, "path=/a b\n"};
  CHECK_THAT(play(door("scgi"), row, {scgi_request(a_get)}), Equals(""));
  CHECK_THAT(play(door("uwsgi"), row, {uwsgi_request(a_get)}), Equals(""));
  CHECK_THAT(
      play(door("http"), row,
           {"GET /a%20b?c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}),
      Equals(""));
}
