// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <memory>

#include "decant/cgi_variables.hpp"
#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/web/kept_body.hpp"
#include "decant/web/middleware.hpp"

namespace decant::web {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* deadline_key = "decant.web.deadline";

void check(Clock::time_point end) {
  if (Clock::now() < end) return;
  throw GatewayError(
      "timeout_header: the time that the client gave was over before there was "
      "an answer",
      504);
}

/// Before the first chunk there is still an answer to be given.
class TimedBody final : public detail::KeptBody {
 public:
  TimedBody(const StartResponse& start_response, Clock::time_point end)
      : KeptBody(start_response), end_(end) {}

  bool next(std::string_view& chunk) override {
    const bool more = KeptBody::next(chunk);
    if (!began_) check(end_);
    if (!more || !chunk.empty()) began_ = true;
    return more;
  }

 private:
  Clock::time_point end_;
  bool began_ = false;
};

}  // namespace

Middleware timeout_header(const std::string& header,
                          std::chrono::milliseconds unit,
                          std::chrono::milliseconds most) {
  return [variable = cgi_variables::variable_of(header), unit,
          most](Application application) -> Application {
    return [variable, unit, most, application = std::move(application)](
               Environ& env, const StartResponse& start_response) -> Body {
      const auto count = parse_number<std::uint32_t>(env[variable]);
      if (!count) return application(env, start_response);
      const auto end = Clock::now() + std::min(*count * unit, most);
      env.attach(deadline_key, end);
      check(end);
      auto timed = std::make_unique<TimedBody>(start_response, end);
      timed->call(application, env);
      check(end);
      const auto length = timed->body().length();
      const auto size = timed->body().size();
      return {std::move(timed), length, size};
    };
  };
}

std::optional<Clock::time_point> deadline(Environ& env) {
  const auto* const end = env.attached<Clock::time_point>(deadline_key);
  if (end == nullptr) return std::nullopt;
  return *end;
}

}  // namespace decant::web
