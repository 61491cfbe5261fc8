// SPDX-License-Identifier: MIT
#include "decant/service/hosted.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "decant/descriptor.hpp"
#include "decant/error.hpp"
#include "decant/service/doors.hpp"
#include "decant/service/loop/control.hpp"
#include "decant/service/loop/forked_child.hpp"
#include "decant/service/loop/loop.hpp"
#include "decant/service/process/worker.hpp"

namespace decant::service {
namespace {

class Event {
 public:
  Event() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!descriptor_) {
      throw std::system_error(errno, std::generic_category(), "eventfd");
    }
  }

  int descriptor() const noexcept { return descriptor_.get(); }
  void write() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(descriptor(), &one, sizeof one);
  }
  void read() const noexcept {
    std::uint64_t count = 0;
    (void)!::read(descriptor(), &count, sizeof count);
  }

 private:
  Descriptor descriptor_;
};

/// Of a loop whose process has other things to do with its signals.
class HostedControl final : public Control {
 public:
  /// Until end() the loop is `host`'s; a stop that came before counts.
  void begin(const Host& host, bool once) noexcept {
    host_ = &host;
    once_ = once;
  }
  void end() noexcept {
    stopping_ = false;
    changed_.read();
  }

  int descriptor() const noexcept override { return changed_.descriptor(); }
  void pass_on() const noexcept override { changed_.write(); }
  bool stop_requested() const noexcept override { return stopping_; }
  void request_stop() noexcept override {
    stopping_ = true;
    changed_.write();
    wake();
  }
  void await() noexcept override;
  void wake() noexcept override { awaited_.write(); }
  /// It cannot be: no request is given a time.
  void give_up() noexcept override {}

  int interruption() const noexcept override { return host_->interruption; }
  void heed_interruption() noexcept override {
    if (host_->heed) host_->heed();
  }
  /// Whoever stops it waits for that; but the one connection of a service that
  /// answers once has its time.
  bool is_patient() const noexcept override { return once_; }

 private:
  const Host* host_ = nullptr;
  bool once_ = false;
  std::atomic<bool> stopping_{false};
  Event changed_;
  Event awaited_;
};

void HostedControl::await() noexcept {
  std::array<pollfd, 2> fds = {
      {{awaited_.descriptor(), POLLIN, 0}, {interruption(), POLLIN, 0}}};
  const int count = ::poll(fds.data(), fds.size(), -1);
  if (count < 0 || fds[1].revents != 0) heed_interruption();
  if (count > 0 && fds[0].revents != 0) awaited_.read();
}

void check(const Options& options) {
  const auto refuse = [](bool wanted, const char* option) {
    if (!wanted) return;
    throw UsageError(std::string(option) +
                     ": needs a process of the service's own; give "
                     "--processes 1 or more");
  };
  refuse(options.processes.value_or(0) != 0, "--processes");
  refuse(options.preload, "--preload");
  refuse(options.reload, "--reload");
  refuse(options.limits.timeout.count() != 0, "--timeout");
  refuse(options.load_timeout.count() != 0, "--load-timeout");
  refuse(!options.status.empty(), "--status");
  refuse(!options.user.empty(), "--user");
  refuse(!options.group.empty(), "--group");
  refuse(!options.chroot.empty(), "--chroot");
  refuse(!options.pid_file.empty(), "--pid-file");
  refuse(!options.logs.file.empty(), "--log-file");
}

}  // namespace

/// What stays where it is while the service moves.
class HostedService::Parts {
 public:
  Parts(const std::vector<Door>& doors, const Options& options,
        const std::string& name);

  void serve(const Application& application, const Host& host, bool once);

  const Options options;
  const pid_t owner = ::getpid();
  HostedControl control;

  const Shared& shared() const noexcept { return shared_; }

 private:
  Shared make_shared(const std::string& name, OpenDoors open) const;

  const Loader no_loader_;
  const std::unique_ptr<AccessLog> access_log_;
  Shared shared_;
};

HostedService::Parts::Parts(const std::vector<Door>& doors,
                            const Options& wanted, const std::string& name)
    : options((check(wanted), wanted)),
      access_log_(options.logs.access_file.empty()
                      ? nullptr
                      : std::make_unique<AccessLog>(options.logs)),
      shared_(make_shared(name, open_doors(name, doors, options))) {}

Shared HostedService::Parts::make_shared(const std::string& name,
                                         OpenDoors open) const {
  std::vector<std::string> names = open.names();
  std::string text = banner(name, open.doors, 0, options.threads);
  return {.name = name,
          .banner = std::move(text),
          .warnings = {},
          .options = options,
          .load = no_loader_,
          .application = {},
          .doors = std::move(open.doors),
          .listeners = std::move(open.listeners),
          .board = {1, options.threads, spare_threads(options.threads),
                    std::move(names)},
          .access_log = access_log_.get(),
          .processes = 0};
}

void HostedService::Parts::serve(const Application& application,
                                 const Host& host, bool once) {
  // A process that was forked to serve by itself is no child that strayed.
  const ForksForgotten here;
  shared_.application = application;
  shared_.make_observer = host.make_observer;
  shared_.errors = host.errors;
  control.begin(host, once);
  try {
    work_for(shared_, control, once);
  } catch (...) {
    control.end();
    throw;
  }
  control.end();
}

HostedService::HostedService(const std::vector<Door>& doors,
                             const Options& options, const std::string& name)
    : parts_(std::make_unique<Parts>(doors, options, name)) {}

HostedService::~HostedService() {
  // In a process that was forked the files of the sockets are the parent's, and
  // the descriptors may be.
  if (parts_->owner != ::getpid()) static_cast<void>(parts_.release());
}

std::vector<std::string> HostedService::endpoints() const {
  std::vector<std::string> endpoints;
  for (const Door& door : parts_->shared().doors) {
    endpoints.push_back(door.endpoint);
  }
  return endpoints;
}

std::vector<int> HostedService::sockets() const {
  std::vector<int> sockets;
  for (const Listener& listener : parts_->shared().listeners) {
    sockets.push_back(listener.fd());
  }
  return sockets;
}

void HostedService::serve(const Application& application, const Host& host) {
  parts_->serve(application, host, false);
}

void HostedService::serve_once(const Application& application,
                               const Host& host) {
  parts_->serve(application, host, true);
}

void HostedService::stop() noexcept {
  parts_->control.request_stop();
}

}  // namespace decant::service
