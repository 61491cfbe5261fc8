// SPDX-License-Identifier: MIT
#include "support/fastcgi_load.hpp"

#include <exception>
#include <optional>

namespace decant::test {

FastcgiLoad::FastcgiLoad(LoadSettings settings)
    : settings_(std::move(settings)),
      request_(fastcgi_request({{"REQUEST_METHOD", "GET"},
                                {"SCRIPT_NAME", ""},
                                {"PATH_INFO", settings_.path},
                                {"REQUEST_URI", settings_.path},
                                {"SERVER_PROTOCOL", "HTTP/1.1"}},
                               "", {.keep_connection = settings_.keep})) {
  for (int i = 0; i < settings_.connections; ++i) {
    threads_.emplace_back([this] {
      try {
        run();
      } catch (const std::exception& error) {
        fail(error.what());
      }
    });
  }
}

void FastcgiLoad::run() {
  std::optional<FastcgiClient> client;
  while (!stopping_) {
    const bool reused = client.has_value();
    if (!reused) client.emplace(settings_.endpoint);
    const bool sent = client->send(request_);
    const FastcgiResponse response = client->receive();
    if (response.complete) {
      if (response.output.find(settings_.expect) == std::string::npos) {
        fail("wrong: " + response.output);
      }
      ++answered_;
      if (!settings_.keep) client.reset();
      continue;
    }
    const bool silent = response.output.empty() && response.errors.empty() &&
                        client->received().empty() && client->ended();
    if (reused && silent) {
      ++stale_;
    } else {
      fail("cut after " + std::to_string(answered_) + " answers" +
           (reused ? " on a connection that was kept" : "") +
           (sent ? "" : ", not sent whole") +
           (client->ended() ? "" : ", timed out") + ": " + response.output);
    }
    client.reset();
  }
}

void FastcgiLoad::fail(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() < 4096) failures_ += what + '\n';
}

bool FastcgiLoad::await(std::uint64_t count) const {
  const std::uint64_t wanted = answered_ + count;
  return wait_until([&] { return answered_ >= wanted; });
}

const std::string& FastcgiLoad::stop() {
  stopping_ = true;
  threads_.clear();
  return failures_;
}

}  // namespace decant::test
