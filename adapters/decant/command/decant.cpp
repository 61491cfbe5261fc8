// SPDX-License-Identifier: MIT
// The `decant` program.
#include "decant/command/load.hpp"
#include "decant/command/run.hpp"

namespace {

using decant::command::Settings;

decant::Application load(const Settings& settings) {
  if (settings.app.empty()) {
    return decant::program::wrap(settings.allowed, settings.program);
  }
  return decant::command::load(settings.app,
                               {settings.python, settings.program});
}

}  // namespace

int main(int argc, char** argv) {
  return decant::command::run({.name = "decant", .takes_app = true}, argc, argv,
                              load);
}
