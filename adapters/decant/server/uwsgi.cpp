// SPDX-License-Identifier: MIT
#include "decant/server/uwsgi.hpp"

#include <utility>

#include "decant/server/uwsgi/codec.hpp"

namespace decant::uwsgi {

service::Door on(std::string endpoint) {
  return {.protocol = "uwsgi",
          .endpoint = std::move(endpoint),
          .make_protocol = service::serving_with<Codec>()};
}

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  return service::serve(load, service::doors_at(options.listen, on), options,
                        "uwsgi");
}

}  // namespace decant::uwsgi
