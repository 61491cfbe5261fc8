// SPDX-License-Identifier: MIT
#include "decant/command/load.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "decant/error.hpp"
#include "support/catch.hpp"

using decant::LoadError;
using decant::command::AppSpec;
using decant::command::Kind;

namespace {

/// A file that goes away with its object.
class File {
 public:
  File(const std::string& text, mode_t mode) {
    char name[] = "/tmp/decant-load-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    path = name;
    std::ofstream(path) << text;
    ::chmod(name, mode);
  }
  ~File() { ::unlink(path.c_str()); }
  std::string path;
};

}  // namespace

TEST_CASE("a kind in front decides") {
  CHECK(AppSpec::parse("native:x.py").kind == Kind::native);
  CHECK(AppSpec::parse("native:./x.so:sym").rest == "./x.so:sym");
  CHECK(AppSpec::parse("python:a.b:c").kind == Kind::python);
  CHECK(AppSpec::parse("program:./x").kind == Kind::program);
  CHECK(AppSpec::parse("program:./x/").rest == "./x/");
}

TEST_CASE("the name decides before the file") {
  CHECK(AppSpec::parse("./hello.so").kind == Kind::native);
  CHECK(AppSpec::parse("./hello.so:symbol").kind == Kind::native);
  CHECK(AppSpec::parse("site/wsgi.py").kind == Kind::python);
  CHECK(AppSpec::parse("package.module:create_app").kind == Kind::python);
}

TEST_CASE("an executable is a program unless decant is to run it") {
  CHECK(AppSpec::parse(File("#!/bin/sh\n", 0755).path).kind == Kind::program);
  CHECK(AppSpec::parse(File("#!/usr/bin/env decant\n", 0755).path).kind ==
        Kind::python);
}

TEST_CASE("what is no application is refused with the cure") {
  CHECK_THROWS_AS(AppSpec::parse("./no-such-file"), LoadError);
  CHECK_THROWS_WITH(AppSpec::parse(File("text\n", 0644).path),
                    Catch::Contains("native:"));
  CHECK_THROWS_WITH(decant::command::load("native:./missing.so"),
                    Catch::Contains("cannot read"));
  const File text("no plugin\n", 0644);
  CHECK_THROWS_AS(decant::command::load("native:" + text.path), LoadError);
}
