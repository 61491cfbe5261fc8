// SPDX-License-Identifier: MIT
// decant::main: the command line around an application that is linked in.
#include "decant/main.hpp"

#include <string>

#include "decant/command/run.hpp"

namespace decant {

int main(int argc, char** argv, Application application) {
  std::string name = argc > 0 ? argv[0] : "";
  name.erase(0, name.rfind('/') + 1);
  return command::run({.name = name, .takes_app = false}, argc, argv,
                      [&application](const command::Settings&) {
                        return std::move(application);
                      });
}

}  // namespace decant
