// SPDX-License-Identifier: MIT
// PEP 3333's own sample applications, byte for byte: a Content-Length that may
// be inferred is all that decant adds.
#include "integration/python_fixtures.hpp"
#include "support/catch.hpp"

using namespace decant::test;

namespace {

Ran run_sample(const std::string& name, const Words& options = {}) {
  Words words = {decant_command(), "run",
                 python_application("pep3333_samples.py:" + name), "/"};
  words.insert(words.end(), options.begin(), options.end());
  return run_clean(words);
}

const std::string head = "Status: 200 OK\r\nContent-type: text/plain\r\n";
const std::string known_length = head + "Content-Length: 13\r\n\r\n";
const std::string unknown_length = head + "\r\n";

}  // namespace

TEST_CASE("PEP 3333's samples: a list of one string has a known length",
          "[python-samples]") {
  if (no_python()) return;
  const std::string name =
      GENERATE(as<std::string>(), "simple_app", "instance", "instance.method");
  CAPTURE(name);
  const Ran ran = run_sample(name);
  CHECK(ran.out == known_length + "Hello world!\n");
  CHECK(ran.err.empty());
  CHECK(ran.status == 0);
}

TEST_CASE("PEP 3333's samples: an iterable has no length", "[python-samples]") {
  if (no_python()) return;
  const std::string name =
      GENERATE(as<std::string>(), "AppClass", "generator", "writer");
  CAPTURE(name);
  const Ran ran = run_sample(name);
  CHECK(ran.out == unknown_length + "Hello world!\n");
  CHECK(ran.err.empty());
  CHECK(ran.status == 0);
}

TEST_CASE("PEP 3333's sample middleware transforms the response",
          "[python-samples]") {
  if (no_python()) return;
  const Ran ran = run_sample("latin");
  CHECK(ran.out == unknown_length + "ello world!Hay\n");
  CHECK(ran.err.empty());
}

TEST_CASE("PEP 3333's samples pass lint", "[python-samples]") {
  if (no_python()) return;
  const std::string name = GENERATE(as<std::string>(), "simple_app", "AppClass",
                                    "generator", "writer", "latin");
  CAPTURE(name);
  const Ran ran = run_sample(name, {"--lint"});
  CHECK(ran.err.empty());
  CHECK(ran.status == 0);
}
