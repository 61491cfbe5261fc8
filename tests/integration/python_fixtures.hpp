// SPDX-License-Identifier: MIT
// What the tests of Python applications share.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "integration/fixtures.hpp"

namespace decant::test {

/// True when this decant was built without Python, and says so for ctest.
bool no_python();
/// True when Python lacks a module, and says so with its `title` for ctest.
bool no_python_module(const std::string& module, const std::string& title);

/// The interpreter of the Python that decant embeds.
std::string python_executable();
/// The module that decant embeds it with.
std::string python_module_file();

/// A Python file of these tests, with what follows its name:
/// "python_applications.py:chatty".
std::string python_application(const std::string& name);
/// Copies a site of examples/ ("flask_site"), so that nothing is written among
/// the sources; gives the copy.
std::string copy_site(const TemporaryDirectory& directory,
                      const std::string& name);

/// About `size` bytes, of every value and with line ends of every kind.
std::string some_content(std::size_t size);

/// The body of a form that uploads one file, and its type.
struct Form {
  std::string type;
  std::string body;
};
Form multipart_form(const Pairs& fields, std::string_view file_name,
                    std::string_view content);

/// A request, whichever way it goes.
struct SiteRequest {
  std::string target;
  std::string method = "GET";
  Headers headers = {};
  std::string body = {};
};
using Ask = std::function<HttpResponse(const SiteRequest&)>;

/// Asks a web server on that port of loopback.
Ask ask_http(std::uint16_t port);
/// Asks by `decant run APP TARGET` and by `decant cgi APP`; the words are APP
/// and options.
Ask ask_run(const Words& app);
Ask ask_cgi(const Words& app);

}  // namespace decant::test
