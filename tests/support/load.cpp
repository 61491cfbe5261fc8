// SPDX-License-Identifier: MIT
#include "support/load.hpp"

#include <exception>
#include <utility>

#include "support/fastcgi_client.hpp"
#include "support/http_client.hpp"
#include "support/variables_wire.hpp"

namespace decant::test {
namespace {

Pairs variables_of(const std::string& path) {
  return {{"CONTENT_LENGTH", "0"},
          {"SCGI", "1"},
          {"REQUEST_METHOD", "GET"},
          {"SCRIPT_NAME", ""},
          {"PATH_INFO", path},
          {"REQUEST_URI", path},
          {"SERVER_NAME", "a"},
          {"SERVER_PORT", "80"},
          {"SERVER_PROTOCOL", "HTTP/1.1"}};
}

}  // namespace

/// A connection to the service in its protocol.
class Load::Client {
 public:
  struct Answer {
    bool complete = false;
    std::string text;  ///< what came of it
  };

  virtual ~Client() = default;
  /// False when it could not be sent.
  virtual bool ask() = 0;
  virtual Answer receive() = 0;
  virtual const SocketClient& socket() const = 0;
};

namespace {

class FastcgiAsker final : public Load::Client {
 public:
  explicit FastcgiAsker(const LoadSettings& settings)
      : client_(settings.endpoint),
        request_(fastcgi_request(variables_of(settings.path), "",
                                 {.keep_connection = settings.keep})) {}

  bool ask() override { return client_.send(request_); }
  Answer receive() override {
    FastcgiResponse response = client_.receive();
    return {response.complete, response.output + response.errors};
  }
  const SocketClient& socket() const override { return client_; }

 private:
  FastcgiClient client_;
  std::string request_;
};

class HttpAsker final : public Load::Client {
 public:
  explicit HttpAsker(const LoadSettings& settings)
      : client_(settings.endpoint),
        request_(http_request(
            "GET", settings.path, {},
            settings.keep ? Headers{} : Headers{{"Connection", "close"}})) {}

  bool ask() override { return client_.send(request_); }
  Answer receive() override {
    const HttpResponse response = client_.receive();
    return {response.complete, response.status_line + '\n' + response.body};
  }
  const SocketClient& socket() const override { return client_; }

 private:
  HttpClient client_;
  std::string request_;
};

/// SCGI and uwsgi: the response ends with the connection.
class PlainAsker final : public Load::Client {
 public:
  PlainAsker(const LoadSettings& settings, std::string request)
      : client_(settings.endpoint), request_(std::move(request)) {}

  bool ask() override { return client_.send(request_); }
  Answer receive() override {
    const bool ended = client_.wait_for_end();
    return {ended && !client_.was_reset() && !client_.received().empty(),
            client_.received()};
  }
  const SocketClient& socket() const override { return client_; }

 private:
  SocketClient client_;
  std::string request_;
};

}  // namespace

Load::Load(LoadSettings settings) : settings_(std::move(settings)) {
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

/// Null when the service has gone, as it may.
std::unique_ptr<Load::Client> Load::connect() const {
  try {
    const std::string& protocol = settings_.protocol;
    const Pairs variables = variables_of(settings_.path);
    if (protocol == "http") return std::make_unique<HttpAsker>(settings_);
    if (protocol == "scgi") {
      return std::make_unique<PlainAsker>(settings_, scgi_request(variables));
    }
    if (protocol == "uwsgi") {
      return std::make_unique<PlainAsker>(settings_, uwsgi_request(variables));
    }
    return std::make_unique<FastcgiAsker>(settings_);
  } catch (const std::exception&) {
    if (ending_) return nullptr;
    throw;
  }
}

void Load::run() {
  std::unique_ptr<Client> client;
  while (!stopping_) {
    const bool reused = client != nullptr;
    if (!reused) client = connect();
    if (client == nullptr) return;
    const bool sent = client->ask();
    const Client::Answer answer = client->receive();
    const SocketClient& socket = client->socket();
    if (answer.complete) {
      if (answer.text.find(settings_.expect) == std::string::npos) {
        fail("wrong: " + answer.text);
      }
      ++answered_;
      if (!settings_.keep || socket.ended()) client.reset();
      continue;
    }
    const bool silent =
        answer.text.find_first_not_of('\n') == std::string::npos &&
        socket.received().empty() && socket.ended();
    if (reused && silent) {
      ++stale_;
    } else {
      fail("cut after " + std::to_string(answered_) + " answers" +
           (reused ? " on a connection that was kept" : "") +
           (sent ? "" : ", not sent whole") +
           (socket.ended() ? "" : ", timed out") +
           (socket.was_reset() ? ", reset" : "") + ": " + answer.text);
    }
    client.reset();
  }
}

void Load::fail(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() < 4096) failures_ += what + '\n';
}

bool Load::await(std::uint64_t count) const {
  const std::uint64_t wanted = answered_ + count;
  return wait_until([&] { return answered_ >= wanted; });
}

const std::string& Load::stop() {
  stopping_ = true;
  threads_.clear();
  return failures_;
}

}  // namespace decant::test
