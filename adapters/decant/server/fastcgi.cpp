// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi.hpp"

#include <memory>
#include <utility>

#include "decant/server/fastcgi/codec.hpp"
#include "decant/server/fastcgi/libfcgi.hpp"
#include "decant/service/request/serving.hpp"

namespace decant::fastcgi {

service::Door on(std::string endpoint, const DoorOptions& options) {
  const bool by_library = options.engine == EngineName::libfcgi;
  if (by_library) prepare_libfcgi();
  const auto make_protocol =
      [options, by_library](
          service::Served served,
          service::Observer* observer) -> std::unique_ptr<service::Protocol> {
    served.framing = normaliser::Framing::end_of_stream;
    served.paths = normaliser::Paths::whole_in_script_name;
    served.errors_to_server = options.errors_to_server;
    auto codec = std::make_unique<Codec>(served.limits, options.authorizer);
    if (by_library) return make_libfcgi(served, std::move(codec), observer);
    return std::make_unique<service::Serving>(served, std::move(codec),
                                              observer);
  };
  return {.protocol = "fcgi",
          .endpoint = std::move(endpoint),
          .make_protocol = make_protocol,
          .check = by_library ? require_trusted_peer : nullptr};
}

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  const auto make = [&](std::string endpoint) {
    return on(std::move(endpoint), options);
  };
  return service::serve(load, service::doors_at(options.listen, make), options,
                        "fcgi");
}

}  // namespace decant::fastcgi
