// SPDX-License-Identifier: MIT
// What middleware that wraps start_response needs: a body that keeps the
// wrapper for as long as the application may call it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "decant/application.hpp"

namespace decant::web::detail {

/// The body of an application that was given another start_response: a
/// coroutine calls that as late as at its first step.
class KeptBody : public decant::detail::ChunkStream {
 public:
  explicit KeptBody(StartResponse start_response)
      : start_response_(std::move(start_response)) {}

  void call(const Application& application, Environ& env) {
    body_ = application(env, start_response_);
  }
  Body& body() noexcept { return body_; }

  bool next(std::string_view& chunk) override { return body_.next(chunk); }
  bool at_end() const noexcept override { return body_.at_end(); }
  std::optional<decant::detail::FileSpan> file() const override {
    return body_.file();
  }
  void close() override { body_.close(); }

 private:
  StartResponse start_response_;
  Body body_;  // last: it goes first
};

/// Calls `application` and has `change` see the headers of its response.
Body call_with_headers(const Application& application, Environ& env,
                       const StartResponse& start_response,
                       std::function<void(Headers&)> change);

}  // namespace decant::web::detail
