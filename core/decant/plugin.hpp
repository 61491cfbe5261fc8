// SPDX-License-Identifier: MIT
// The symbol by which a plugin hands its application to `decant native:x.so`.
#pragma once

#include "decant/application.hpp"

namespace decant {

/// What a plugin exports. The loader refuses one whose `contract` differs from
/// its own, so that a stale plugin is a clear message and not a crash.
struct Plugin {
  const char* contract;
  Application (*make)();
};

/// Changes whenever a type of the contract changes its layout.
inline constexpr char plugin_contract[] = "decant-contract-2";

}  // namespace decant

/// Exports `application`, anything that converts to decant::Application, under
/// the default symbol: decant run ./hello.so /
#define DECANT_APPLICATION(application) \
  DECANT_EXPORT_PLUGIN(decant_application, application)

/// Exports a further one: decant run native:./hello.so:symbol /
#define DECANT_APPLICATION_AS(symbol, application) \
  DECANT_EXPORT_PLUGIN(decant_application_##symbol, application)

#define DECANT_EXPORT_PLUGIN(name, application)                                \
  extern "C" __attribute__((visibility("default"))) const decant::Plugin name; \
  extern "C" const decant::Plugin name = {                                     \
      decant::plugin_contract,                                                 \
      [] { return decant::Application(application); }};
