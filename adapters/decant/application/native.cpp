// SPDX-License-Identifier: MIT
#include "decant/application/native.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstring>

#include "decant/error.hpp"
#include "decant/plugin.hpp"
#include "decant/text.hpp"

namespace decant::native {
namespace {

struct Spec {
  std::string path;
  std::string symbol;  // empty: the default one
};

/// "path.so:symbol"; a colon inside the path's folders does not count.
Spec split(const std::string& spec) {
  const std::size_t colon = spec.rfind(':');
  const std::size_t slash = spec.rfind('/');
  if (colon == std::string::npos ||
      (slash != std::string::npos && colon < slash)) {
    return {spec, {}};
  }
  return {spec.substr(0, colon), spec.substr(colon + 1)};
}

std::string last_error() {
  const char* const error = ::dlerror();
  std::string text;
  append_escaped(text, error != nullptr ? error : "unknown error");
  return text;
}

/// Opens the file itself: dlopen would search the library path for a name
/// without a slash.
void* open(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) {
    throw LoadError("native: cannot read " + quoted(path) + ": " +
                    std::strerror(errno) +
                    "; give the path of a plugin, as ./hello.so");
  }
  const std::string file =
      path.find('/') == std::string::npos ? "./" + path : path;
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw LoadError("native: " + last_error() +
                    "; build the plugin as a shared object against this "
                    "version of decant");
  }
  return library;
}

}  // namespace

Application load(const std::string& spec) {
  const auto [path, name] = split(spec);
  const std::string symbol =
      name.empty() ? "decant_application" : "decant_application_" + name;
  void* const library = open(path);
  const auto* const plugin =
      static_cast<const Plugin*>(::dlsym(library, symbol.c_str()));
  if (plugin == nullptr) {
    throw LoadError("native: " + quoted(path) + " exports no application" +
                    (name.empty()
                         ? std::string("; put DECANT_APPLICATION(name) into it")
                         : " " + quoted(name) + "; put DECANT_APPLICATION_AS(" +
                               name + ", name) into it"));
  }
  if (std::string_view(plugin->contract) != plugin_contract) {
    throw LoadError("native: " + quoted(path) +
                    " was built against another version of decant; build it "
                    "again");
  }
  return plugin->make();
}

}  // namespace decant::native
