// SPDX-License-Identifier: MIT
#include "decant/application/python/serving.hpp"

#include "decant/application/python/errors.hpp"

namespace decant::python {

Serving::Serving(Thread& thread, Environ& env,
                 const StartResponse& start_response)
    : thread_(&thread), callables_(std::move(thread.spare())) {
  callables_.prepare();
  request().begin(env, start_response);
  set_request(thread.errors(), &request());
}

Serving::~Serving() {
  if (!callables_) return;
  leave();
  request().end();
  EnvironTemplate& environ_template = thread_->environ_template();
  if (callables_.is_free(environ_template.holds(input()))) {
    thread_->spare() = std::move(callables_);
  } else {
    environ_template.forget(input());
  }
}

void Serving::enter() noexcept {
  request().enter();
  set_request(thread_->errors(), &request());
}

void Serving::leave() noexcept {
  request().leave();
  set_request(thread_->errors(), nullptr);
}

}  // namespace decant::python
