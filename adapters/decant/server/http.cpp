// SPDX-License-Identifier: MIT
#include "decant/server/http.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/server/http/codec.hpp"
#include "decant/service/request/serving.hpp"
#include "decant/text.hpp"

namespace decant::http {

service::Limits default_limits() {
  service::Limits limits;
  limits.max_params = 65536;
  limits.max_param_count = 100;
  limits.idle_timeout = std::chrono::seconds(60);
  return limits;
}

service::Door on(std::string endpoint, const DoorOptions& options) {
  auto settings = std::make_shared<CodecSettings>();
  settings->proxy_protocol = options.proxy_protocol;
  for (const std::string& network : options.forwarded_allow) {
    settings->trusted.add(network);
  }
  const auto make_protocol =
      [settings = std::shared_ptr<const CodecSettings>(std::move(settings))](
          service::Served served,
          service::Observer* observer) -> std::unique_ptr<service::Protocol> {
    // A body ends where its framing says, with a length or in chunks.
    served.framing = normaliser::Framing::end_of_stream;
    return std::make_unique<service::Serving>(
        served, std::make_unique<Codec>(served.limits, settings), observer);
  };
  return {.protocol = "http",
          .endpoint = std::move(endpoint),
          .limits = options.limits.value_or(default_limits()),
          .make_protocol = make_protocol,
          .is_public = true};
}

std::string default_endpoint() {
  const char* const port = std::getenv("PORT");
  if (port == nullptr || *port == '\0') return "127.0.0.1:8000";
  const auto number = parse_number<std::uint16_t>(port);
  if (!number) {
    throw UsageError("PORT: " + decant::quoted(port) +
                     " is no port; set it to a number up to 65535, or give "
                     "--listen");
  }
  return "0.0.0.0:" + std::to_string(*number);
}

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  const DoorOptions door_options{.forwarded_allow = options.forwarded_allow,
                                 .proxy_protocol = options.proxy_protocol,
                                 .limits = options.limits};
  std::vector<service::Door> doors =
      service::doors_at(options.listen, [&](std::string endpoint) {
        return on(std::move(endpoint), door_options);
      });
  if (!service::has_endpoint(doors)) {
    doors.front().endpoint = default_endpoint();
  }
  return service::serve(load, doors, options, "http");
}

}  // namespace decant::http
