// SPDX-License-Identifier: MIT
// The exceptions of the contract. Every message starts with the component that
// speaks and names the cure.
#pragma once

#include <stdexcept>
#include <string>

namespace decant {

/// Base of every exception that decant throws by itself.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The application broke the contract of PEP 3333: a malformed status, a
/// second start_response, output past Content-Length. Thrown where the
/// application made the mistake, so that it can still react.
class ApplicationError : public Error {
 public:
  using Error::Error;
};

/// The server side delivered something unusable: a variable, a length, a
/// request body. `status()` is the answer it deserves when the head has not
/// gone out (RFC 9110 section 15).
class GatewayError : public Error {
 public:
  explicit GatewayError(const std::string& what, int status = 400)
      : Error(what), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// The client left or the web server hung up. An outcome, not an error: the
/// gateway ends the exchange quietly. An application may catch it to clean up.
class ClientGone : public Error {
 public:
  using Error::Error;
};

/// An application could not be loaded: no such file, no such symbol.
class LoadError : public Error {
 public:
  using Error::Error;
};

/// Somebody asked for something that has no meaning: an endpoint that is none,
/// a number that is no number. Exit status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace decant
