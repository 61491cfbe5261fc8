// SPDX-License-Identifier: MIT
#include "decant/server/fastcgi.hpp"

#include <memory>
#include <utility>

#include "decant/server/fastcgi/codec.hpp"
#include "decant/server/fastcgi/libfcgi.hpp"
#include "decant/service/request/serving.hpp"

namespace decant::fastcgi {
namespace {

service::Served make_served(const Application& application,
                            const Options& options, Concurrency concurrency) {
  return {.application = application,
          .rules = options.rules,
          .limits = options.limits,
          .framing = cgi_request::Framing::end_of_stream,
          .concurrency = concurrency,
          .errors_to_server = options.errors_to_server};
}

}  // namespace

int serve(const Application& application, const Options& options) {
  return serve([&application] { return application; }, options);
}

int serve(const Loader& load, const Options& options) {
  const bool by_library = options.engine == EngineName::libfcgi;
  if (by_library) prepare_libfcgi();
  // Lives as long as the process, as what was loaded does.
  Application application;
  const auto prepare = [&](Concurrency concurrency) {
    application = load();
    return [&options, by_library,
            served = make_served(application, options, concurrency)](
               std::unique_ptr<service::Observer> observer)
               -> std::unique_ptr<service::Protocol> {
      auto codec = std::make_unique<Codec>(options.limits, options.authorizer);
      if (by_library) {
        return make_libfcgi(served, std::move(codec), std::move(observer));
      }
      return std::make_unique<service::Serving>(served, std::move(codec),
                                                std::move(observer));
    };
  };
  return service::serve("fcgi", options, prepare,
                        by_library ? require_trusted_peers : nullptr);
}

}  // namespace decant::fastcgi
