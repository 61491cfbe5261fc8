// SPDX-License-Identifier: MIT
// The applications of the conformance table, each named after what it does.
#pragma once

#include <decant/decant.hpp>
#include <map>
#include <string>

namespace decant::conformance {

/// All of them in one: the request header X-Conformance names the application.
Body dispatch(Environ& env, const StartResponse& start_response);

using Applications = std::map<std::string, Application, std::less<>>;

// Their chapters, as those of the table.
void add_environ_applications(Applications& applications);
void add_input_applications(Applications& applications);
void add_start_response_applications(Applications& applications);
void add_body_applications(Applications& applications);
void add_failure_applications(Applications& applications);

/// Of text, with `headers` after it.
inline Headers plain_text(Headers headers = {}) {
  headers.emplace(headers.begin(), "Content-Type", "text/plain");
  return headers;
}

/// A body of `chunks` that says "closed NAME" in wsgi.errors when it is closed.
class ClosingBody : public BodySource {
 public:
  ClosingBody(Environ& env, std::string name, std::vector<std::string> chunks)
      : env_(&env), name_(std::move(name)), chunks_(std::move(chunks)) {}

  bool next(std::string& chunk) override {
    if (at_ == chunks_.size()) return false;
    chunk = chunks_[at_++];
    return true;
  }
  void close() override { env_->errors().write("closed " + name_ + '\n'); }

 private:
  Environ* env_;
  std::string name_;
  std::vector<std::string> chunks_;
  std::size_t at_ = 0;
};

}  // namespace decant::conformance
