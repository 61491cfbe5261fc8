// SPDX-License-Identifier: MIT
#include "decant/application.hpp"

#include <string>

#include "decant/path.hpp"

namespace decant {

Middleware mount(std::string_view prefix, Application application) {
  return [prefix = canonical_mount(prefix),
          application = std::move(application)](Application wrapped) {
    return [prefix, application, wrapped = std::move(wrapped)](
               Environ& env, const StartResponse& start_response) -> Body {
      const std::string_view path = env["PATH_INFO"];
      if (!is_beneath(path, prefix)) return wrapped(env, start_response);
      env.set("SCRIPT_NAME", std::string(env["SCRIPT_NAME"]) + prefix);
      env.set("PATH_INFO", path.substr(prefix.size()));
      return application(env, start_response);
    };
  };
}

}  // namespace decant
