// SPDX-License-Identifier: MIT
#include "decant/known_names.hpp"

#include <string>

#include "decant/environ.hpp"
#include "decant/error.hpp"
#include "support/catch.hpp"

using namespace decant;
using namespace decant::detail;

TEST_CASE("each known name has its number") {
  for (std::size_t i = 0; i < known_names.size(); ++i) {
    CAPTURE(known_names[i]);
    CHECK(name_id(std::string(known_names[i])) == i + 1);
  }
}

TEST_CASE("what is nearly a known name has none") {
  for (const std::string_view known : known_names) {
    CAPTURE(known);
    for (std::size_t i = 0; i < known.size(); ++i) {
      std::string changed(known);
      changed[i] = static_cast<char>(changed[i] ^ 0x20);
      CHECK(name_id(changed) == 0);
    }
    CHECK(name_id(std::string(known) + '_') == 0);
    CHECK(name_id('_' + std::string(known)) == 0);
  }
  CHECK(name_id("") == 0);
  CHECK(name_id(std::string_view("\0", 1)) == 0);
  CHECK(name_id(std::string(1000, 'X')) == 0);
}

namespace {

struct Nothing final : InputSource, ErrorSink {
  std::size_t read(std::span<char>) override { return 0; }
  void write(std::string_view) noexcept override {}
};

}  // namespace

TEST_CASE("known and other names live together, however many") {
  Nothing nothing;
  InputStream input(nothing, 0);
  ErrorStream errors(nothing);
  Environ env(input, errors, {});
  for (int i = 0; i < 200; ++i) {
    const std::string name = "OTHER_" + std::to_string(i);
    env.set(name, name);
    if (i < 79) {
      const std::string_view known = known_names[static_cast<unsigned>(i)];
      CHECK_FALSE(env.contains(known));
      env.set_view(known, known);
    }
  }
  CHECK(env.size() == 279);
  env.erase("PATH_INFO");
  env.erase("OTHER_7");
  CHECK(env.size() == 277);
  CHECK_FALSE(env.contains("PATH_INFO"));
  CHECK_FALSE(env.contains("OTHER_7"));
  for (const auto& [name, value] : env) {
    CHECK(env[name] == value);
    CHECK(name == value);
  }
}
