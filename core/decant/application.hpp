// SPDX-License-Identifier: MIT
// The application side of the contract: what an application is given and what
// it is (PEP 3333, "The Application/Framework Side").
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "decant/body.hpp"
#include "decant/environ.hpp"
#include "decant/headers.hpp"

namespace decant {

namespace detail {

/// What a Write calls. Shared, so that a late call meets a live object.
class WriteTarget {
 public:
  virtual ~WriteTarget() = default;
  virtual void write(std::string_view chunk) = 0;
};

}  // namespace detail

/// The imperative way to send: what start_response gives back (PEP 3333, "The
/// write() Callable"). Cheap to copy.
class Write {
 public:
  explicit Write(std::shared_ptr<detail::WriteTarget> target)
      : target_(std::move(target)) {}
  /// From any callable of the shape void(std::string_view).
  template <class Callable>
  requires std::invocable<Callable&, std::string_view> &&
      (!std::same_as<std::remove_cvref_t<Callable>, Write>)
          Write(Callable callable)
      : target_(std::make_shared<Wrapped<Callable>>(std::move(callable))) {}

  /// Transmits `chunk` before it returns; the first one takes the head along.
  /// Throws ApplicationError past Content-Length or before start_response,
  /// ClientGone when nobody is left to read it.
  void operator()(std::string_view chunk) const { target_->write(chunk); }

 private:
  template <class Callable>
  struct Wrapped final : detail::WriteTarget {
    explicit Wrapped(Callable c) : callable(std::move(c)) {}
    void write(std::string_view chunk) override { callable(chunk); }
    Callable callable;
  };
  std::shared_ptr<detail::WriteTarget> target_;
};

namespace detail {

/// What a StartResponse calls.
class StartResponseTarget {
 public:
  virtual ~StartResponseTarget() = default;
  virtual Write start_response(std::string_view status, Headers headers,
                               std::exception_ptr error) = 0;
};

}  // namespace detail

/// start_response (PEP 3333, "The start_response() Callable"). Cheap to copy;
/// a body that calls it late keeps a copy.
class StartResponse {
 public:
  explicit StartResponse(std::shared_ptr<detail::StartResponseTarget> target)
      : target_(std::move(target)) {}
  /// From any callable of its shape, so that middleware can wrap it.
  template <class Callable>
  requires std::is_invocable_r_v<Write, Callable&, std::string_view, Headers,
                                 std::exception_ptr> &&
      (!std::same_as<std::remove_cvref_t<Callable>, StartResponse>)
          StartResponse(Callable callable)
      : target_(std::make_shared<Wrapped<Callable>>(std::move(callable))) {}

  /// Announces status ("200 OK") and headers; transmits nothing. With `error`,
  /// the exception being handled, it replaces what was announced, or rethrows
  /// `error` when the head has gone out. Throws ApplicationError on a second
  /// call without `error` and on anything malformed.
  Write operator()(std::string_view status, Headers headers,
                   std::exception_ptr error = nullptr) const {
    return target_->start_response(status, std::move(headers),
                                   std::move(error));
  }

 private:
  template <class Callable>
  struct Wrapped final : detail::StartResponseTarget {
    explicit Wrapped(Callable c) : callable(std::move(c)) {}
    Write start_response(std::string_view status, Headers headers,
                         std::exception_ptr error) override {
      return callable(status, std::move(headers), std::move(error));
    }
    Callable callable;
  };
  std::shared_ptr<detail::StartResponseTarget> target_;
};

/// Any callable Body(Environ&, const StartResponse&): a function, a lambda, an
/// object with operator(). Called once per request, from several threads at
/// once when env.multithread() is true.
using Application = std::function<Body(Environ&, const StartResponse&)>;

/// Gives an application, or throws LoadError.
using Loader = std::function<Application()>;

/// An application around an application.
using Middleware = std::function<Application(Application)>;

/// Requests beneath `prefix` go to `application`, with the prefix moved from
/// PATH_INFO to the end of SCRIPT_NAME; all others go to what it wraps. It
/// splits only at a '/': /app does not match /application.
Middleware mount(std::string_view prefix, Application application);

}  // namespace decant
