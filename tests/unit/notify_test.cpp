// SPDX-License-Identifier: MIT
#include "decant/service/process/notify.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/catch.hpp"
#include "support/notify_socket.hpp"

namespace decant::service {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::StartsWith;

void set(const char* name, const std::string& value) {
  ::setenv(name, value.c_str(), 1);
}

std::string own_pid() {
  return std::to_string(::getpid());
}

}  // namespace

TEST_CASE("a service tells systemd how it is", "[notify]") {
  const bool is_abstract = GENERATE(false, true);
  test::NotifySocket socket(is_abstract);
  set("NOTIFY_SOCKET", socket.name());
  const Notifier notifier;
  notifier.ready();
  CHECK(socket.receive() == "READY=1");
  notifier.reloading();
  CHECK_THAT(socket.receive(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  notifier.status("serving");
  CHECK(socket.receive() == "STATUS=serving");
  notifier.alive();
  CHECK(socket.receive() == "WATCHDOG=1");
  notifier.stopping();
  CHECK(socket.receive() == "STOPPING=1");
}

TEST_CASE("nobody else speaks for the service", "[notify]") {
  test::NotifySocket socket;
  set("NOTIFY_SOCKET", socket.name());
  set("WATCHDOG_USEC", "3000000");
  set("WATCHDOG_PID", own_pid());
  const Notifier notifier;
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    CAPTURE(name);
    CHECK(std::getenv(name) == nullptr);
  }
  CHECK(notifier.interval() == 1500ms);
}

TEST_CASE("the watchdog of another process is not ours", "[notify]") {
  set("WATCHDOG_USEC", "3000000");
  set("WATCHDOG_PID", "1");
  CHECK(Notifier().interval() == 0ms);
  for (const char* const wrong : {"", "soon", "-5", "99999999999999999999"}) {
    CAPTURE(wrong);
    set("WATCHDOG_USEC", wrong);
    CHECK(Notifier().interval() == 0ms);
  }
}

TEST_CASE("a service that nobody started tells nobody", "[notify]") {
  const Notifier silent;
  silent.ready();
  set("NOTIFY_SOCKET", "/nowhere/at/all");
  const Notifier nobody_there;
  nobody_there.ready();
  set("NOTIFY_SOCKET", "/" + std::string(200, 'x'));
  const Notifier too_long;
  too_long.ready();
  CHECK(silent.interval() == 0ms);
}

}  // namespace decant::service
