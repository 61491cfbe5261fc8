// SPDX-License-Identifier: MIT
// The environ dictionary of one request (PEP 3333, "environ Variables").
#pragma once

#include <any>
#include <cstddef>
#include <forward_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "decant/file_wrapper.hpp"
#include "decant/streams.hpp"
#include "decant/variables.hpp"

namespace decant {

/// How the server side calls the application.
struct Concurrency {
  bool multithread = false;   ///< at the same time from another thread
  bool multiprocess = false;  ///< at the same time in another process
  bool run_once = false;      ///< this process serves one request
};

namespace detail {

class EnvironAccess;

/// Who takes the response, as far as an application that waits may know.
class Client {
 public:
  virtual ~Client() = default;
  /// What Environ::connection() gives.
  virtual int connection() const noexcept { return -1; }
  /// What Environ::client_gone() gives.
  virtual bool client_gone() { return false; }
};

}  // namespace detail

/// A dictionary of variables, fresh for each request, free to be changed.
/// Values are bytes (latin-1). The views it gives stay valid until the request
/// has ended, also those of variables that were set or erased.
class Environ {
 public:
  using const_iterator = Variables::const_iterator;

  /// Begins with `variables`. Borrows the streams and the memory behind all
  /// views given to it.
  Environ(InputStream& input, ErrorStream& errors, Concurrency concurrency,
          const Variables& variables = {})
      : input_(input),
        errors_(errors),
        concurrency_(concurrency),
        variables_(copy(variables)) {}
  ~Environ();
  Environ(const Environ&) = delete;
  Environ& operator=(const Environ&) = delete;

  /// The value of `name`, empty when absent.
  std::string_view operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  /// The value of `name`, or `fallback` when absent.
  std::string_view get(std::string_view name,
                       std::string_view fallback = {}) const;
  /// Sets `name`, in its old place or at the end. Copies both texts.
  void set(std::string_view name, std::string_view value);
  /// The same for texts that outlive the request, which are not copied.
  void set_view(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  const_iterator begin() const noexcept { return variables_->begin(); }
  const_iterator end() const noexcept { return variables_->end(); }
  std::size_t size() const noexcept { return variables_->size(); }

  /// wsgi.input
  InputStream& input() const noexcept { return input_; }
  /// wsgi.errors
  ErrorStream& errors() const noexcept { return errors_; }
  /// wsgi.version
  std::pair<int, int> version() const noexcept { return {1, 0}; }
  /// wsgi.url_scheme: "http" or "https"
  std::string_view url_scheme() const noexcept { return url_scheme_; }
  /// wsgi.multithread
  bool multithread() const noexcept { return concurrency_.multithread; }
  /// wsgi.multiprocess
  bool multiprocess() const noexcept { return concurrency_.multiprocess; }
  /// wsgi.run_once
  bool run_once() const noexcept { return concurrency_.run_once; }
  /// A descriptor on which poll(2) reports POLLHUP or POLLERR once nobody is
  /// left to take the response, or -1; for an application that has something
  /// else to wait for. Neither to be read from nor written to.
  int connection() const noexcept {
    return client_ != nullptr ? client_->connection() : -1;
  }
  /// True once nobody is left to take the response, or the web server has taken
  /// its request back (FastCGI 1.0 section 5.4, ABORT_REQUEST), which
  /// connection() does not show. For an application that waits: call it now and
  /// then, from the thread of the request. Does not wait.
  bool client_gone() const {
    return client_ != nullptr && client_->client_gone();
  }
  /// wsgi.file_wrapper: a body from an open file. Takes `descriptor`.
  FileWrapper file_wrapper(int descriptor, std::size_t block = 8192) const {
    return FileWrapper(descriptor, block);
  }

  /// Keeps an object of middleware under `key` until the request has ended.
  void attach(std::string_view key, std::any value);
  /// The object of that type under `key`, null when absent or of another type.
  template <class T>
  T* attached(std::string_view key) {
    const auto found = attachments_.find(key);
    return found == attachments_.end() ? nullptr
                                       : std::any_cast<T>(&found->second);
  }

 private:
  friend class detail::EnvironAccess;

  /// The place of the first variable of that name, or Variables::none.
  std::size_t find(std::string_view name) const;
  /// A copy that lives as long as the request.
  std::string_view keep(std::string_view text);

  // Up to here a walk over the names beats hashing them.
  static constexpr std::size_t few = 64;
  std::size_t find_other(std::string_view name) const;
  std::size_t find_by_index(std::string_view name) const;
  void append(std::string_view name, std::string_view value);
  static std::unique_ptr<Variables> copy(const Variables& variables);

  InputStream& input_;
  ErrorStream& errors_;
  Concurrency concurrency_;
  std::string_view url_scheme_ = "http";
  detail::Client* client_ = nullptr;
  std::optional<int> exit_status_;
  std::unique_ptr<Variables> variables_;
  // Of the names that are not known, once there are many.
  mutable std::unordered_map<std::string_view, std::size_t> index_;
  std::forward_list<std::string> kept_;  // does not move its texts
  std::map<std::string, std::any, std::less<>> attachments_;
};

}  // namespace decant
