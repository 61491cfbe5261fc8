// SPDX-License-Identifier: MIT
// Warm CGI: what others may have put in the way of a request. It is answered,
// cold where it has to be, and no stranger hears of it.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "decant/server/warm/handover.hpp"
#include "decant/service/listen/listener.hpp"
#include "integration/warm_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;
using decant::Descriptor;

namespace fs = std::filesystem;
namespace warm = decant::warm;

namespace {

constexpr Milliseconds soon{3000};

/// Of a worker that is told `bytes`: true when it closes without a word.
bool is_turned_away(const std::string& path, const std::string& bytes) {
  const Descriptor socket = connect_to(path);
  ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  const timeval limit{5, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char byte = 0;
  const ssize_t got = ::recv(socket.get(), &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

/// Answers cold, in good time, to the end of the output.
void check_cold(const WarmSite& site, const Pairs& more = {}) {
  WatchedRequest request(site.request("/", more));
  CHECK(request.process().wait(soon) == 0);
  CHECK(request.ends(soon));
  CHECK_THAT(request.out(), Contains("\r\n\r\nfirst"));
  CHECK_THAT(request.out(),
             Contains("X-Process: " + std::to_string(request.process().pid())));
  CHECK(request.process().err().empty());
}

}  // namespace

TEST_CASE("something else in the place of the socket is not spoken to",
          "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string socket = site.socket();
  const std::string other = site.directory() / "other";
  const bool worker_lives = GENERATE(false, true);
  CAPTURE(worker_lives);
  if (!worker_lives) {
    ::kill(worker, SIGKILL);
    REQUIRE(wait_until([&] { return site.processes().empty(); }));
  }
  REQUIRE(fs::remove(socket));
  Descriptor holder;
  const std::string kind =
      GENERATE("nothing", "file", "link to a file", "link to itself", "fifo",
               "directory", "stream", "datagram", "deaf");
  CAPTURE(kind);
  if (kind == "file")
    site.directory().write("run/decant/" + fs::path(socket).filename().string(),
                           "text");
  if (kind == "link to a file") {
    fs::create_symlink(site.directory().write("other", "kept"), socket);
  }
  if (kind == "link to itself") fs::create_symlink(socket, socket);
  if (kind == "fifo") REQUIRE(::mkfifo(socket.c_str(), 0600) == 0);
  if (kind == "directory") fs::create_directory(socket);
  if (kind == "stream") holder = bind_at(socket, SOCK_STREAM, 8);
  if (kind == "datagram") {
    // It cannot listen: a bound one is enough.
    holder = bind_at(socket, SOCK_DGRAM);
  }
  if (kind == "deaf") {
    holder = bind_at(socket, SOCK_SEQPACKET, 0);
    const Descriptor in_the_queue = connect_to(socket);
    check_cold(site);
  } else {
    check_cold(site);
  }
  if (kind == "link to a file") CHECK(read_file(other) == "kept");
  if (worker_lives) {
    ::kill(worker, SIGKILL);
    REQUIRE(wait_until([&] {
      const auto left = site.processes();
      return std::find(left.begin(), left.end(), worker) == left.end();
    }));
  }
  // A new worker takes the place, but not that of a directory.
  if (kind == "directory") {
    check_cold(site);
    fs::remove(socket);
  }
  site.warm_up();
  CHECK(site.ends());
}

TEST_CASE("who accepts and does not answer is not waited for",
          "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string socket = site.socket();
  ::kill(worker, SIGSTOP);
  REQUIRE(fs::remove(socket));
  // A link leads to another place of the same user: what is there is asked, as
  // its owner wanted it, and does not answer.
  const bool is_link = GENERATE(false, true);
  const std::string place = is_link ? site.directory() / "elsewhere" : socket;
  const Descriptor holder = bind_at(place, SOCK_SEQPACKET, 8);
  if (is_link) fs::create_symlink(place, socket);
  check_cold(site);
  check_cold(site);
  ::kill(worker, SIGCONT);
  CHECK(site.ends());
}

TEST_CASE("a worker turns away what it does not understand", "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string socket = site.socket();
  std::string message;
  REQUIRE(warm::encode(message, {.identity = "another"}));
  CHECK(is_turned_away(socket, message));  // and no descriptors
  std::string newer = message;
  newer[std::string_view("decant warm ").size()] = '9';
  CHECK(is_turned_away(socket, newer));
  CHECK(is_turned_away(socket, "GET / HTTP/1.1\r\n\r\n"));
  CHECK(is_turned_away(socket, message.substr(0, message.size() / 2)));
  CHECK(is_turned_away(socket, "E"));
  // Half of them stay, and say nothing.
  std::vector<Descriptor> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(connect_to(socket));
  for (int i = 0; i < 5; ++i) CHECK(site.ask().by == worker);
  silent.clear();
  CHECK(site.ends());
}

TEST_CASE("another interpreter, other options: another worker",
          "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string folder = site.directory() / "modules";
  fs::create_directory(folder);
  for (const Pairs& other :
       {Pairs{{"PYTHONPATH", folder}}, Pairs{{"LD_LIBRARY_PATH", folder}},
        Pairs{{"PYTHONDONTWRITEBYTECODE", "1"}},
        Pairs{{"DJANGO_SETTINGS_MODULE", "other.settings"}},
        Pairs{{"TZ", "UTC"}}}) {
    CAPTURE(other[0].first);
    const WarmAnswer first = site.ask("/", other);
    CHECK(first.is_cold());
    CHECK(site.warm_up(other) != worker);
    CHECK(site.ask().by == worker);
  }
  Command lint = site.request();
  lint.words.emplace_back("--lint");
  CHECK(WarmSite::ask(lint).is_cold());
  CHECK(wait_until([&] { return WarmSite::ask(lint).is_warm(); }));
  CHECK(site.processes().size() == 7);
  CHECK(site.ends());
}

TEST_CASE("--chdir and --env hold for a worker as they do cold", "[warm]") {
  if (no_python()) return;
  const TemporaryDirectory other;
  const WarmSite site({"--warm", "--chdir", other.path(), "--env",
                       "PYTHONHASHSEED=7", "--env", "COLOUR=red"});
  const WarmAnswer cold = site.ask("/process_environ");
  CHECK_THAT(cold.body, Contains("COLOUR=red\n"));
  const pid_t worker = site.warm_up();
  CHECK(fs::read_symlink("/proc/" + std::to_string(worker) + "/cwd") ==
        other.path());
  CHECK_THAT(site.ask("/process_environ").body,
             Contains("COLOUR=red\n") && Contains("PYTHONHASHSEED=7\n"));
  CHECK(site.ends());
}

TEST_CASE("a client's query is no option", "[warm-safety]") {
  if (no_python()) return;
  const TemporaryDirectory tree;
  const bool by_front = GENERATE(false, true);
  const std::string program = by_front ? install_front(tree) : decant_command();
  const WarmSite site({"--warm"}, program);
  const pid_t worker = site.warm_up();
  for (const std::string query :
       {"--warm-stop", "--warm-status", "--warm=1", "--warm"}) {
    Command command = site.request("/?" + query);
    command.words.push_back(query);
    const WarmAnswer answer = WarmSite::ask(command);
    CHECK(answer.by == worker);
    CHECK(answer.body == "first");
  }
  const WarmSite without(Words{}, program);
  Command command = without.request("/?--warm");
  command.words.emplace_back("--warm");
  for (int i = 0; i < 3; ++i) CHECK(WarmSite::ask(command).is_cold());
  CHECK(without.processes().empty());
  CHECK(site.ends());
}

TEST_CASE("a program is served cold and starts no worker", "[warm]") {
  const WarmSite site;
  const std::string program = site.directory().write(
      "hello.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhi\\n'\n");
  fs::permissions(program, fs::perms::owner_all);
  Command command = site.request();
  command.words = {decant_command(), "cgi", program, "--warm"};
  for (int i = 0; i < 3; ++i) {
    const WarmAnswer answer = WarmSite::ask(command);
    CHECK(answer.status == 0);
    CHECK(answer.body == "hi\n");
  }
  CHECK(site.is_left_clean());
}

TEST_CASE("--warm is harmless where FastCGI is to be spoken", "[warm]") {
  if (no_python()) return;
  const WarmSite site;
  const std::string path = site.directory() / "s";
  const decant::service::Listener listener = decant::service::open(
      decant::service::Endpoint::parse("unix:" + path), {});
  // As mod_fcgid does it, whose environment may be that of anything.
  Command command = site.request();
  command.words = {decant_command(), "--warm", site.app()};
  command.environment.emplace_back("DECANT_WARM", "30");
  command.descriptors.emplace_back(STDIN_FILENO, listener.fd());
  Service service(std::move(command));
  for (int i = 0; i < 3; ++i) {
    FastcgiClient client("unix:" + path);
    client.send(fastcgi_request(get("/"), ""));
    CHECK_THAT(
        client.receive().output,
        Contains("X-Process: " + std::to_string(service.pid()) + "\r\n"));
  }
  CHECK(site.files_in_place().empty());
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(site.processes().empty());
}

TEST_CASE("a program without a standard descriptor is served cold",
          "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  const pid_t worker = site.warm_up();
  const std::string closed = GENERATE("<&-", "2>&-");
  CAPTURE(closed);
  Command command = site.request("/talk?word");
  command.words.insert(command.words.begin(),
                       {"/bin/sh", "-c", "exec \"$@\" " + closed, "sh"});
  const WarmAnswer answer = WarmSite::ask(std::move(command));
  CHECK(answer.status == 0);
  CHECK(answer.body == "the response");
  CHECK(answer.is_cold());
  CHECK(site.ask().by == worker);
  CHECK(site.ends());
}

TEST_CASE("a worker holds nothing of who has started it", "[warm-safety]") {
  if (no_python()) return;
  const WarmSite site;
  Pipe of_web_server;
  Command command = site.request();
  command.descriptors.emplace_back(57, of_web_server.write.get());
  WatchedRequest first(std::move(command));
  CHECK(first.ends());
  of_web_server.write.reset();
  // Its end comes, although the worker lives.
  const pid_t worker = site.warm_up();
  CHECK(read_to_end(of_web_server.read.get()).empty());
  CHECK(::getsid(worker) != ::getsid(0));
  for (const auto& file :
       fs::directory_iterator("/proc/" + std::to_string(worker) + "/fd")) {
    const std::string target = fs::read_symlink(file.path());
    CAPTURE(file.path().string(), target);
    CHECK((target == "/dev/null" || target.starts_with("socket:") ||
           target.starts_with("anon_inode:") ||
           target.starts_with(site.directory().path())));
  }
  CHECK(site.ends());
}
