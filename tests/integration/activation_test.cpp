// SPDX-License-Identifier: MIT
// Services whose socket somebody else opened: spawn-fcgi and systemd.
#include <signal.h>

#include <filesystem>

#include "decant/service/listen/listener.hpp"
#include "integration/fixtures.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace decant::test;
using Catch::Matchers::Contains;

namespace {

std::string ask_hello(const std::string& endpoint) {
  FastcgiClient client(endpoint);
  client.send(fastcgi_request(get("/"), ""));
  return client.receive().output;
}

}  // namespace

TEST_CASE(
    "spawn-fcgi starts the hello binary with the socket as standard "
    "input",
    "[spawn-fcgi]") {
  if (missing("spawn-fcgi", "spawn-fcgi")) return;
  const TemporaryDirectory directory;
  Service service(Command{{find_tool("spawn-fcgi"), "-n", "-s", directory / "s",
                           "--", hello_binary()}});
  CHECK(service.endpoint() == "unix:" + directory / "s");
  CHECK_THAT(ask_hello(service.endpoint()), Contains("Hello world!\n"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  // It belongs to spawn-fcgi.
  CHECK(std::filesystem::exists(directory / "s"));
}

TEST_CASE("spawn-fcgi starts the decant command on a TCP socket",
          "[spawn-fcgi]") {
  if (missing("spawn-fcgi", "spawn-fcgi")) return;
  const std::string port = std::to_string(free_port());
  Service service(
      Command{{find_tool("spawn-fcgi"), "-n", "-a", "127.0.0.1", "-p", port,
               "--", decant_command(), "fcgi", plugin("hello")}});
  CHECK(service.endpoint() == "127.0.0.1:" + port);
  CHECK_THAT(ask_hello(service.endpoint()), Contains("Hello world!\n"));
}

TEST_CASE("sockets that systemd passes are served", "[activation]") {
  const TemporaryDirectory directory;
  const decant::service::Listener socket = decant::service::open(
      decant::service::Endpoint::parse("unix:" + directory / "s"), {});
  // sd_listen_fds(3); the shell's number is that of the program it becomes.
  Service service(Command{
      .words = {"/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"", "sh",
                decant_command(), "fcgi", plugin("hello")},
      .descriptors = {{3, socket.fd()}}});
  CHECK_THAT(ask_hello("unix:" + directory / "s"), Contains("Hello world!\n"));
  service.signal(SIGTERM);
  CHECK(service.wait() == 0);
  CHECK(std::filesystem::exists(directory / "s"));
}

TEST_CASE("systemd's own tool passes a socket", "[systemd-socket-activate]") {
  if (missing("systemd-socket-activate", "systemd")) return;
  const TemporaryDirectory directory;
  Process activator(
      {{find_tool("systemd-socket-activate"), "-l", directory / "s",
        decant_command(), "fcgi", plugin("hello")}});
  REQUIRE(wait_until([&] { return std::filesystem::exists(directory / "s"); }));
  CHECK_THAT(ask_hello("unix:" + directory / "s"), Contains("Hello world!\n"));
}
