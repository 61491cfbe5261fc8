// SPDX-License-Identifier: MIT
// The examples that are sites, each as one binary behind four doors: cgi-bin,
// cgi-bin with workers that stay, FastCGI behind nginx, and HTTP. curl and a
// browser send forms and files, and fetch parts of them.
#include <cstdint>
#include <filesystem>
#include <string>

#include "integration/sites_fixtures.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;
using namespace decant::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// What a browser does with the sites that the query names: it fills their own
/// forms, presses their buttons and tells what it sees.
constexpr const char* browser_page = R"(<!DOCTYPE html><meta charset="utf-8">
<title>sites</title><iframe></iframe><pre></pre>
<script>
const frame = document.querySelector('iframe');
const tell = text => document.querySelector('pre').append(text, '\n');
const page = start => new Promise(done => {
  frame.onload = () => done(frame.contentDocument);
  start();
});

async function write(url) {
  const {elements} = (await page(() => frame.src = url)).forms[0];
  elements.name.value = 'Zo\u00eb';
  elements.text.value = '<b>&amp;\n"caf\u00e9"';
  const {body} = await page(() => elements.name.form.requestSubmit());
  tell('wrote: ' + body.querySelector('p').textContent.replace(/, .*:/, ':'));
  tell('remembered: ' + body.querySelector('[name=name]').value);
}

async function send(url) {
  const {body} = await page(() => frame.src = url);
  const bytes = new Uint8Array(300000).map((_, i) => i * 7 % 251);
  const files = new DataTransfer();
  files.items.add(new File([bytes], 'a "b"\u00e9.bin'));
  body.querySelector('[type=file]').files = files.files;
  const output = body.querySelector('output');
  await new Promise(done => {
    new MutationObserver(done).observe(output, {childList: true});
    body.querySelector('form').requestSubmit();
  });
  tell('sent: ' + output.value.trim());
  tell('progress: ' + body.querySelector('progress').value);
  const next = await page(() => frame.src = url);
  const link = [...next.links].find(each => each.text.startsWith('a ')).href;
  const whole = new Uint8Array(await (await fetch(link)).arrayBuffer());
  tell('same: ' + (whole.length === bytes.length &&
                   whole.every((byte, i) => byte === bytes[i])));
  const part = await fetch(link, {headers: {Range: 'bytes=100-199'}});
  const some = new Uint8Array(await part.arrayBuffer());
  tell('part: ' + part.status + ' ' + part.headers.get('Content-Range') + ' ' +
       some.every((byte, i) => byte === bytes[100 + i]));
}

(async () => {
  const query = new URLSearchParams(location.search);
  if (query.has('guest_book')) await write(query.get('guest_book'));
  if (query.has('uploads')) await send(query.get('uploads'));
  tell('done');
})().catch(error => tell('failed: ' + error));
</script>
)";

std::string curl(Words words) {
  words.insert(words.begin(), {find_tool("curl"), "-sS", "--max-time", "30"});
  const Ran ran = run_clean(words);
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  return ran.out;
}

/// What stands behind `before`, up to the next `after`.
std::string between(const std::string& text, const std::string& before,
                    const std::string& after) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

void check_guest_book(const std::string& url) {
  const TemporaryDirectory directory;
  const std::string jar = directory / "jar";
  const std::string token =
      between(curl({"-c", jar, url}), "name=\"token\" value=\"", "\"");
  CHECK(token.size() == 32);
  const Words form = {"--data-urlencode", "name=Zo\xC3\xAB '); --",
                      "--data-urlencode", "text=<b> & \"more\"\r\nof it"};
  Words stranger = form;
  stranger.insert(stranger.end(),
                  {"-d", "token=" + token, "-o", directory / "out", "-w",
                   "%{http_code}", url});
  CHECK(curl(stranger) == "403");
  Words own = form;
  own.insert(own.end(),
             {"-d", "token=" + token, "-b", jar, "-c", jar, "-L", url});
  const std::string page = curl(own);
  CHECK_THAT(page, Contains("<b>Zo\xC3\xAB &#39;); --</b>, ") &&
                       Contains(": &lt;b&gt; &amp; &quot;more&quot;\r\n"
                                "of it</p>") &&
                       Contains("value=\"Zo\xC3\xAB &#39;); --\"") &&
                       Contains(token));
}

void check_uploads(const SiteDoor& door) {
  const TemporaryDirectory directory;
  const std::string url = door.url("uploads");
  const std::string form = "file=@" + directory.write("f", browser_content()) +
                           ";filename=../.c d.bin";
  CHECK(curl({"-F", form, url}) == "c d.bin, 300000 bytes\n");
  CHECK(read_file(door.uploads() + "/c d.bin") == browser_content());
  CHECK(curl({"-F", form, url}) ==
        "There is a file of that name, or one on its way.\n");
  CHECK(curl({url + "c%20d.bin"}) == browser_content());
  const std::string part = curl({"-i", "-r", "100-199", url + "c%20d.bin"});
  CHECK_THAT(part,
             StartsWith("HTTP/1.1 206 ") &&
                 Contains("Content-Range: bytes 100-199/300000\r\n") &&
                 EndsWith("\r\n\r\n" + browser_content().substr(100, 100)));
  CHECK(curl({"-H", "Origin: http://evil.test", "-F", form, url}) ==
        "This form is not ours.\n");
  CHECK(count(curl({url}), "<li>") == 1);
  CHECK(std::distance(fs::directory_iterator(door.uploads()), {}) == 1);
}

void check_tasks(const SiteDoor& door) {
  const std::string url = door.url("tasks") + "tasks";
  const std::string added = curl({"-i", "--json", R"({"title": "one"})", url});
  CHECK_THAT(added, StartsWith("HTTP/1.1 201 ") &&
                        Contains(R"({"done":false,"id":1,"title":"one"})"));
  const std::string task =
      door.origin("tasks") + between(added, "Location: ", "\r\n");
  const std::string changed = R"({"done":true,"id":1,"title":"two"})";
  CHECK(curl({"-X", "PUT", "--json", changed, task}) == changed + "\n");
  CHECK(curl({url}) == "{\"tasks\":[" + changed + "]}\n");
  CHECK(curl({"-X", "DELETE", task}).empty());
  CHECK(curl({task}) == "{\"error\":\"no such task\"}\n");
}

void check_curl(const SiteDoor& door) {
  CAPTURE(door.directory());
  check_guest_book(door.url("guest_book"));
  check_uploads(door);
  check_tasks(door);
}

/// Until a worker has come that answers what comes next.
void warm_up(const SiteDoors& doors) {
  for (const std::string& site : sites) {
    CHECK(wait_until([&] {
      curl({doors.warm().url(site)});
      return doors.place().worker({doors.warm_binary(site), "cgi"}) != 0;
    }));
  }
}

void stop_workers(const SiteDoors& doors) {
  for (const std::string& site : sites) {
    CAPTURE(site);
    const Words program = {doors.warm_binary(site), "cgi"};
    // "process 4711, 12 requests in 2 seconds": curl's at least.
    const std::string status = doors.place().status(program);
    CAPTURE(status);
    CHECK(std::atoi(between(status, ", ", " requests").c_str()) >= 4);
    doors.place().stop(program);
  }
  CHECK(doors.place().is_left_clean());
}

/// The page in a browser, with the URLs of these sites, which have one origin:
/// what a script may read. Gives what it has told.
std::string browse_sites(const SiteDoor& door, const Words& asked) {
  std::string url = door.origin(asked.front()) + "/page/page.html";
  for (const std::string& site : asked) {
    url += (site == asked.front() ? '?' : '&') + site + '=' + door.url(site);
  }
  return between(browse(url), "<pre>", "</pre>");
}

const std::string wrote =
    "wrote: Zo\xC3\xAB: &lt;b&gt;&amp;amp;\n\"caf\xC3\xA9\"\n"
    "remembered: Zo\xC3\xAB\n";
const std::string sent =
    "sent: a %22b%22\xC3\xA9.bin, 300000 bytes\nprogress: 1\n"
    "same: true\npart: 206 bytes 100-199/300000 true\n";

void check_uploaded(const SiteDoor& door) {
  CHECK(read_file(door.uploads() + "/a %22b%22\xC3\xA9.bin") ==
        browser_content());
}

}  // namespace

TEST_CASE("the sites behind four doors, asked by curl and a browser",
          "[sites]") {
  if (missing_file(site_binary("tasks"),
                   "libsqlite3-dev or nlohmann-json3-dev") ||
      missing("curl", "curl") || missing("nginx", "nginx-light") ||
      missing("apache2", "apache2")) {
    return;
  }
  const SiteDoors doors(browser_page);
  warm_up(doors);
  for (const SiteDoor* const door :
       {&doors.cgi(), &doors.warm(), &doors.fastcgi(), &doors.http()}) {
    check_curl(*door);
  }
  stop_workers(doors);

  if (missing("chromium", "chromium")) return;
  const Words forms = {"guest_book", "uploads"};
  CHECK(browse_sites(doors.cgi(), forms) == wrote + sent + "done\n");
  CHECK(browse_sites(doors.fastcgi(), forms) == wrote + sent + "done\n");
  CHECK(browse_sites(doors.http(), {"guest_book"}) == wrote + "done\n");
  CHECK(browse_sites(doors.http(), {"uploads"}) == sent + "done\n");
  for (const SiteDoor* const door :
       {&doors.cgi(), &doors.fastcgi(), &doors.http()}) {
    check_uploaded(*door);
  }
}
