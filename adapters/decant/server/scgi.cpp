// SPDX-License-Identifier: MIT
#include "decant/server/scgi.hpp"

#include <utility>

#include "decant/server/scgi/codec.hpp"

namespace decant::scgi {

service::Door on(std::string endpoint) {
  return {.protocol = "scgi",
          .endpoint = std::move(endpoint),
          .make_protocol = service::serving_with<Codec>()};
}

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  return service::serve(load, service::doors_at(options.listen, on), options,
                        "scgi");
}

}  // namespace decant::scgi
