// SPDX-License-Identifier: MIT
// The clients that people have, as they are, before `decant http`.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "integration/python_fixtures.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace decant::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

/// A site on a port, with a folder of files at /files.
struct Site {
  explicit Site(const std::string& name) {
    std::filesystem::create_directory(directory / "files");
    service.emplace(Words{application(name), "--threads", "4", "--processes",
                          "1", "--static", "/files=" + directory / "files"},
                    "127.0.0.1:0", "http");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / ("files/" + name)) << text;
  }
  std::string url(const std::string& path) const {
    return "http://" + service->endpoint() + path;
  }

  TemporaryDirectory directory;
  std::optional<Service> service;
};

std::string curl(Words words) {
  words.insert(words.begin(), {find_tool("curl"), "-sS", "--max-time", "30"});
  const Ran ran = run({.words = std::move(words)});
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, Equals(""));
  return ran.out;
}

/// What a page finds out, and tells by a form with a file in it.
constexpr const char* page = R"(<!DOCTYPE html><title>decant</title>
<form action=/upload method=post enctype=multipart/form-data>
<input name=said><input type=file name=file></form>
<script>
(async () => {
  const part = await fetch('/files/data', {headers: {Range: 'bytes=3-5'}});
  let said = 'SAID ' + part.status + ' ' + await part.text() + ', ';
  const reader = (await fetch('/stream')).body.getReader();
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    said += new TextDecoder().decode(value);
    await fetch('/seen');
  }
  const files = new DataTransfer();
  files.items.add(new File(['x'.repeat(100000)], 'file.bin'));
  document.querySelector('[type=file]').files = files.files;
  document.querySelector('[name=said]').value = said + ' DIAS';
  document.forms[0].submit();
})();
</script>
)";

/// http.client as it is used: a connection that is kept, a body with a length,
/// one in chunks, a request that expects 100.
constexpr const char* python_client = R"(
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1], timeout=30)
def ask(method, path, **more):
    c.request(method, path, **more)
    r = c.getresponse()
    return r.status, r.version, r.read().decode()
status, version, text = ask('GET', '/a%20b?c=d', headers={'X-A': 'b'})
assert (status, version) == (200, 11), (status, version)
assert 'path=/a b\n' in text and 'HTTP_X_A=b\n' in text, text
sock = c.sock
assert 'body=hello\n' in ask('POST', '/', body='hello')[2]
assert 'body=onetwo\n' in ask('POST', '/', body=iter([b'one', b'two']),
                              encode_chunked=True)[2]
assert ask('HEAD', '/known')[2] == ''
assert ask('GET', '/204')[0] == 204
assert ask('GET', '/stream')[2] == 'onetwo'
assert c.sock is sock, 'the connection was not kept'
print('ok')
)";

}  // namespace

TEST_CASE("curl", "[http-clients]") {
  if (missing("curl", "curl")) return;
  const Site site("http_echo");
  site.write("data", "0123456789");
  CHECK_THAT(curl({site.url("/a%20b?c")}), Contains("path=/a b\n"));
  CHECK_THAT(curl({"--http1.0", site.url("/")}), Contains("method=GET\n"));
  CHECK_THAT(curl({"-d", "hello", site.url("/")}), Contains("body=hello\n"));
  // In chunks.
  CHECK_THAT(curl({"-T", site.directory / "files/data", "-H",
                   "Transfer-Encoding: chunked", site.url("/")}),
             Contains("method=PUT\n") && Contains("body=0123456789\n"));
  // So large that curl waits for 100 Continue; it says nothing if that is late.
  site.write("large", std::string(3'000'000, 'x'));
  const std::string large =
      curl({"-v", "--stderr", "-", "-T", site.directory / "files/large", "-o",
            site.directory / "out", site.url("/")});
  CHECK_THAT(large, Contains("100 Continue") && Contains("HTTP/1.1 200 OK"));
  CHECK(count(read_file(site.directory / "out"), "x") >= 3'000'000);
  // A download that is taken up again.
  std::ofstream(site.directory / "part") << "0123";
  curl({"-C", "-", "-o", site.directory / "part", site.url("/files/data")});
  CHECK_THAT(read_file(site.directory / "part"), Equals("0123456789"));
  // Two requests on one connection.
  CHECK_THAT(curl({"-v", "--stderr", "-", site.url("/known"), site.url("/")}),
             Contains("Re-using existing connection"));
  CHECK_THAT(curl({"-I", site.url("/files/data")}),
             Contains("Content-Length: 10\r\n"));
}

TEST_CASE("Python's http.client", "[http-clients]") {
  if (no_python()) return;
  const Site site("http_echo");
  const Ran ran = run({.words = {python_executable(), "-c", python_client,
                                 site.service->endpoint()}});
  CHECK_THAT(ran.err, Equals(""));
  CHECK_THAT(ran.out, Equals("ok\n"));
}

TEST_CASE("wrk and ab", "[http-clients]") {
  if (missing("wrk", "wrk") || missing("ab", "apache2-utils")) return;
  const Site site("greeting");
  const Ran wrk =
      run({.words = {find_tool("wrk"), "-t1", "-c8", "-d1s", site.url("/")}});
  CHECK(wrk.status == 0);
  CHECK_THAT(wrk.out, Contains("Requests/sec") && !Contains("Non-2xx") &&
                          !Contains("Socket errors"));
  for (const bool keep : {false, true}) {
    Words words = {find_tool("ab"), "-q", "-n", "500", "-c", "8",
                   site.url("/")};
    if (keep) words.insert(words.begin() + 1, "-k");
    const Ran ab = run({.words = words});
    CAPTURE(ab.out, ab.err);
    CHECK(ab.status == 0);
    CHECK_THAT(ab.out, Contains("Complete requests:      500") &&
                           Contains("Failed requests:        0") &&
                           !Contains("Non-2xx"));
    if (keep) CHECK_THAT(ab.out, Contains("Keep-Alive requests:    500"));
  }
}

TEST_CASE("a browser: a page, a part of a file, a stream, an upload",
          "[http-clients]") {
  if (missing("chromium", "chromium")) return;
  const Site site("browser_site");
  site.write("page.html", page);
  site.write("data", "0123456789");
  // A port for its debugger, so that it stays while nobody looks.
  Words words = browser_words(site.directory / "p");
  words.insert(words.end(),
               {"--remote-debugging-port=0", site.url("/files/page.html")});
  const Process browser({.words = words,
                         .environment = {{"HOME", site.directory.path()}},
                         .error_file = site.directory / "browser.log"});
  CHECK(wait_until([&] { return count(site.service->log(), " DIAS") != 0; },
                   60s));
  CHECK_THAT(site.service->log(),
             Contains("upload of multipart/form-data; whole: SAID 206 345, "
                      "first seen DIAS\n"));
}
