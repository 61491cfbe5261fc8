// SPDX-License-Identifier: MIT
#include "integration/python_fixtures.hpp"

#include <cctype>
#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace decant::test {
namespace {

/// "CONTENT_TYPE" of "Content-Type", "HTTP_COOKIE" of "Cookie".
std::string variable_name(std::string_view header) {
  std::string name;
  for (const char c : header) {
    name +=
        c == '-'
            ? '_'
            : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name == "CONTENT_TYPE" ? name : "HTTP_" + name;
}

Pairs cgi_variables(const SiteRequest& request) {
  const std::size_t query = request.target.find('?');
  Pairs variables = {
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"REQUEST_METHOD", request.method},
      {"SCRIPT_NAME", ""},
      {"PATH_INFO", request.target.substr(0, query)},
      {"QUERY_STRING",
       query == std::string::npos ? "" : request.target.substr(query + 1)},
      {"SERVER_NAME", "localhost"},
      {"SERVER_PORT", "80"},
      {"SERVER_PROTOCOL", "HTTP/1.1"},
      {"HTTP_HOST", "localhost"}};
  if (!request.body.empty()) {
    variables.emplace_back("CONTENT_LENGTH",
                           std::to_string(request.body.size()));
  }
  for (const auto& [name, value] : request.headers) {
    variables.emplace_back(variable_name(name), value);
  }
  return variables;
}

HttpResponse parse_whole(const Ran& ran) {
  const auto response = parse_http_response(ran.out, true);
  if (ran.status != 0 || !response) {
    throw std::runtime_error("test: exit status " + std::to_string(ran.status) +
                             ", " + ran.err);
  }
  return *response;
}

}  // namespace

bool no_python() {
  if (!python_module_file().empty()) return false;
  std::cout << "skipped: no Python\n";
  return true;
}

bool no_python_module(const std::string& module, const std::string& title) {
  if (no_python()) return true;
  if (run_clean({python_executable(), "-c", "import " + module}).status == 0) {
    return false;
  }
  std::cout << "skipped: no " << title << '\n';
  return true;
}

std::string python_executable() {
  return DECANT_TEST_PYTHON_EXECUTABLE;
}

std::string python_module_file() {
  return DECANT_TEST_PYTHON_MODULE;
}

std::string python_application(const std::string& name) {
  return DECANT_TEST_PYTHON_APPLICATIONS "/" + name;
}

std::string copy_site(const TemporaryDirectory& directory,
                      const std::string& name) {
  fs::copy(DECANT_EXAMPLE_SOURCES "/" + name, directory / name,
           fs::copy_options::recursive);
  return directory / name;
}

std::string some_content(std::size_t size) {
  std::string content;
  for (int i = 0; content.size() < size; ++i) {
    content += "\r\n--" + std::to_string(i) + '\n';
    for (int byte = 0; byte < 256; ++byte) content += static_cast<char>(byte);
  }
  return content;
}

Form multipart_form(const Pairs& fields, std::string_view file_name,
                    std::string_view content) {
  const std::string boundary = "decant-test-boundary";
  Form form{"multipart/form-data; boundary=" + boundary, ""};
  for (const auto& [name, value] : fields) {
    form.body += "--" + boundary +
                 "\r\nContent-Disposition: form-data; name=\"" + name +
                 "\"\r\n\r\n" + value + "\r\n";
  }
  form.body
      .append("--" + boundary +
              "\r\nContent-Disposition: form-data; name=\"file\"; "
              "filename=\"")
      .append(file_name)
      .append("\"\r\nContent-Type: application/octet-stream\r\n\r\n")
      .append(content)
      .append("\r\n--" + boundary + "--\r\n");
  return form;
}

Ask ask_http(std::uint16_t port) {
  return [port](const SiteRequest& request) {
    HttpClient client(port);
    client.send(http_request(request.method, request.target, request.body,
                             request.headers));
    return client.receive();
  };
}

Ask ask_run(const Words& app) {
  return [app](const SiteRequest& request) {
    Words words = {decant_command(), "run"};
    words.insert(words.end(), app.begin(), app.end());
    words.insert(words.end(),
                 {request.target, "-X", request.method, "--as", "http"});
    for (const auto& [name, value] : request.headers) {
      words.insert(words.end(), {"-H", name + ": " + value});
    }
    if (!request.body.empty()) words.insert(words.end(), {"-d", "@-"});
    return parse_whole(run_clean(words, request.body));
  };
}

Ask ask_cgi(const Words& app) {
  return [app](const SiteRequest& request) {
    Words words = {decant_command(), "cgi"};
    words.insert(words.end(), app.begin(), app.end());
    Ran ran = run_clean(words, request.body, cgi_variables(request));
    ran.out.replace(0, std::string("Status:").size(), "HTTP/1.1");
    return parse_whole(ran);
  };
}

}  // namespace decant::test
