// SPDX-License-Identifier: MIT
#include "decant/service/hosted.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "decant/error.hpp"
#include "decant/server/http.hpp"
#include "decant/service/log/log.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/pipe.hpp"

using namespace decant;
using Catch::Matchers::Contains;
using decant::service::Host;
using decant::service::HostedService;

namespace {

service::Options options(int threads = 1) {
  service::set_log_level(service::LogLevel::warning);
  service::Options options;
  options.threads = threads;
  return options;
}

std::uint16_t port_of(const HostedService& service) {
  const std::string endpoint = service.endpoints().front();
  return static_cast<std::uint16_t>(
      std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

Body hello(Environ&, const StartResponse& start_response) {
  start_response("200 OK", {{"Content-Type", "text/plain"}});
  return "Hello world!\n";
}

std::vector<service::Door> loopback() {
  return {http::on("127.0.0.1:0")};
}

}  // namespace

TEST_CASE("a hosted service serves until another thread stops it") {
  for (const int threads : {1, 4}) {
    HostedService service(loopback(), options(threads), "http");
    for (int again = 0; again < 3; ++again) {
      std::jthread serves([&] { service.serve(hello, {}); });
      CHECK(test::http_get(port_of(service), "/").body == "Hello world!\n");
      service.stop();
    }
  }
}

TEST_CASE("a stop that comes before a hosted service serves counts once") {
  HostedService service(loopback(), options(), "http");
  service.stop();
  service.serve(hello, {});
  std::jthread serves([&] { service.serve(hello, {}); });
  CHECK(test::http_get(port_of(service), "/").status == 200);
  service.stop();
}

TEST_CASE("hosted services serve at the same time") {
  std::vector<std::unique_ptr<HostedService>> services;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    services.push_back(std::make_unique<HostedService>(
        loopback(), options(i % 2 == 0 ? 1 : 2), "http"));
    threads.emplace_back([&service = *services.back(), i] {
      service.serve(
          [i](Environ&, const StartResponse& start_response) {
            start_response("200 OK", {});
            return Body(std::to_string(i));
          },
          {});
    });
  }
  for (std::size_t i = 0; i < services.size(); ++i) {
    CHECK(test::http_get(port_of(*services[i]), "/").body == std::to_string(i));
  }
  // The others go on when one has been stopped.
  services[0]->stop();
  threads[0].join();
  CHECK(test::http_get(port_of(*services[1]), "/").body == "1");
  for (const auto& service : services) service->stop();
}

TEST_CASE("a hosted service that serves once answers one request") {
  HostedService service(loopback(), options(), "http");
  std::atomic<int> answered{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      if (test::http_get(port_of(service), "/").status == 200) ++answered;
    });
  }
  for (int i = 0; i < 3; ++i) service.serve_once(hello, {});
  clients.clear();
  CHECK(answered == 3);
}

TEST_CASE("a hosted service hears of an interruption on its own thread") {
  for (const int threads : {1, 3}) {
    HostedService service(loopback(), options(threads), "http");
    const test::Pipe pipe;
    std::thread::id heard_on;
    const Host host{.interruption = pipe.read.get(),
                    .heed =
                        [&] {
                          char byte = 0;
                          (void)!::read(pipe.read.get(), &byte, 1);
                          heard_on = std::this_thread::get_id();
                          service.stop();
                        },
                    .make_observer = {}};
    std::jthread serves([&] { service.serve(hello, host); });
    const std::thread::id serving = serves.get_id();
    CHECK(test::http_get(port_of(service), "/").status == 200);
    CHECK(::write(pipe.write.get(), "x", 1) == 1);
    serves.join();
    CHECK(heard_on == serving);
  }
}

TEST_CASE("a hosted service touches no signal") {
  const auto actions = [] {
    std::vector<void (*)(int)> handlers;
    for (int signal = 1; signal < 32; ++signal) {
      struct sigaction action {};
      ::sigaction(signal, nullptr, &action);
      handlers.push_back(action.sa_handler);
    }
    return handlers;
  };
  const auto before = actions();
  std::vector<void (*)(int)> within;
  HostedService service(loopback(), options(), "http");
  std::jthread serves([&] {
    service.serve(
        [&](Environ& env, const StartResponse& start_response) {
          within = actions();
          return hello(env, start_response);
        },
        {});
  });
  CHECK(test::http_get(port_of(service), "/").status == 200);
  service.stop();
  serves.join();
  CHECK(within == before);
  CHECK(actions() == before);
}

TEST_CASE("a stop waits for a request, and its connection is told") {
  HostedService service(loopback(), options(2), "http");
  std::latch entered(1);
  std::latch leave(1);
  std::jthread serves([&] {
    service.serve(
        [&](Environ& env, const StartResponse& start_response) {
          entered.count_down();
          leave.wait();
          return hello(env, start_response);
        },
        {});
  });
  test::HttpClient client(port_of(service));
  client.send(test::http_request("GET", "/", {}));
  entered.wait();
  service.stop();
  leave.count_down();
  const test::HttpResponse response = client.receive();
  CHECK(response.body == "Hello world!\n");
  CHECK(response.header("Connection") == "close");
}

TEST_CASE("a hosted service refuses what needs a process of its own") {
  const auto refused = [](const auto& change) {
    service::Options wanted = options();
    change(wanted);
    try {
      HostedService(loopback(), wanted, "http");
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refused([](auto& o) { o.processes = 2; }),
             Contains("--processes: needs a process of the service's own"));
  CHECK_THAT(refused([](auto& o) { o.reload = true; }), Contains("--reload"));
  CHECK_THAT(refused([](auto& o) { o.user = "nobody"; }), Contains("--user"));
  CHECK_THAT(
      refused([](auto& o) { o.limits.timeout = std::chrono::seconds(1); }),
      Contains("--timeout"));
  CHECK(refused([](auto& o) { o.processes = 0; }).empty());
}

TEST_CASE("a hosted service ends after the requests that it may serve") {
  service::Options wanted = options();
  wanted.max_requests = 2;
  HostedService service(loopback(), wanted, "http");
  std::jthread serves([&] { service.serve(hello, {}); });
  CHECK(test::http_get(port_of(service), "/").status == 200);
  CHECK(test::http_get(port_of(service), "/").status == 200);
  serves.join();
}
