// SPDX-License-Identifier: MIT
#include "decant/client/service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "decant/client/conversation.hpp"
#include "decant/descriptor.hpp"
#include "decant/service/hosted.hpp"
#include "decant/service/listen/endpoint.hpp"
#include "decant/service/request/observer.hpp"

namespace decant::client {
namespace {

using web::Asked;
using web::Reply;

/// What the service had to say of a request. The service closes a connection
/// after it: who has read to the end finds it here.
class Notes final : public ErrorSink {
 public:
  void write(std::string_view lines) noexcept override {
    const std::lock_guard lock(mutex_);
    try {
      log_ += lines;
    } catch (...) {  // no memory is left for what went wrong
    }
  }
  void note(Outcome outcome) noexcept {
    const std::lock_guard lock(mutex_);
    outcome_ = outcome;
  }
  void clear() noexcept {
    const std::lock_guard lock(mutex_);
    log_.clear();
    outcome_.reset();
  }
  void move_to(Reply& reply) {
    const std::lock_guard lock(mutex_);
    reply.log += std::exchange(log_, {});
    // The door refuses some requests before anybody is told of them.
    reply.outcome = outcome_.value_or(Outcome::refused);
  }

 private:
  std::mutex mutex_;
  std::string log_;
  std::optional<Outcome> outcome_;
};

class OutcomeObserver final : public service::Observer {
 public:
  explicit OutcomeObserver(Notes& notes) : notes_(notes) {}
  void begin(const service::RequestRecord&) noexcept override {}
  void end(const service::RequestRecord& record) noexcept override {
    notes_.note(record.outcome);
  }

 private:
  Notes& notes_;
};

service::Options service_options() {
  service::Options options;
  options.threads = 1;
  return options;
}

class Service {
 public:
  Service(Application application, const service::Door& door)
      : application_(std::move(application)),
        service_({door}, service_options(), door.protocol),
        thread_([this] { serve(); }) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() { service_.stop(); }

  Notes& notes() noexcept { return notes_; }
  Descriptor connect() const;

 private:
  void serve() noexcept;

  Notes notes_;
  const Application application_;
  service::HostedService service_;
  std::jthread thread_;
};

void Service::serve() noexcept {
  // What is sent to a client that has left is no end of this process.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  try {
    service_.serve(
        application_,
        {.interruption = -1,
         .heed = {},
         .make_observer =
             [this] { return std::make_unique<OutcomeObserver>(notes_); },
         .errors = &notes_});
  } catch (const std::exception& error) {
    notes_.complain(error.what());
  }
}

Descriptor Service::connect() const {
  const auto endpoint = service::Endpoint::parse(service_.endpoints().front());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // NOLINTNEXTLINE: the sockets API wants it
  const auto* const any = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), any, sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "client: connect");
  }
  return socket;
}

class ServiceTransport final : public web::Transport {
 public:
  ServiceTransport(Application application, const Spoken& spoken,
                   std::chrono::seconds timeout)
      : application_(std::move(application)),
        spoken_(spoken),
        timeout_(timeout),
        plain_(open(false)) {}

  Reply ask(const Asked& asked) override;

 private:
  std::unique_ptr<Service> open(bool secure) const {
    return std::make_unique<Service>(application_,
                                     spoken_.door("127.0.0.1:0", secure));
  }
  Service& service_for(const Asked& asked);

  const Application application_;
  const Spoken spoken_;
  const std::chrono::seconds timeout_;
  std::unique_ptr<Service> plain_;
  std::unique_ptr<Service> secure_;  // once it is asked for
};

Service& ServiceTransport::service_for(const Asked& asked) {
  if (!spoken_.has_secure_door ||
      !equals_ignoring_case(asked.target.scheme, "https")) {
    return *plain_;
  }
  if (!secure_) secure_ = open(true);
  return *secure_;
}

Reply ServiceTransport::ask(const Asked& asked) {
  Service& service = service_for(asked);
  const std::string request = spoken_.request(asked);
  service.notes().clear();
  const Descriptor socket = service.connect();
  const Heard heard = converse({.socket = socket.get()}, request, false,
                               Clock::now() + timeout_);
  Reply reply;
  const bool is_whole =
      spoken_.read(heard.answer, asked.method == "HEAD", reply);
  service.notes().move_to(reply);
  if (!is_whole && reply.outcome == Outcome::complete) {
    reply.outcome = Outcome::cut_short;
  }
  return reply;
}

}  // namespace

std::shared_ptr<web::Transport> through_service(Application application,
                                                const Spoken& spoken,
                                                std::chrono::seconds timeout) {
  return std::make_shared<ServiceTransport>(std::move(application), spoken,
                                            timeout);
}

}  // namespace decant::client
