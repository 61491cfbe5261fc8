// SPDX-License-Identifier: MIT
#include "conformance/suite.hpp"

#include <algorithm>

#include "decant/text.hpp"

namespace decant::conformance {
namespace {

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++found;
  }
  return found;
}

bool has_line(std::string_view text, std::string_view line) {
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    if (text.substr(0, newline) == line) return true;
    text.remove_prefix(std::min(newline + 1, text.size()));
  }
  return false;
}

/// A value for a message, which may be a mebibyte.
std::string shown(std::string_view text) {
  return std::to_string(text.size()) + " bytes " + decant::quoted(text);
}

}  // namespace

void Seen::expect(bool met, std::string_view complaint) {
  if (met) return;
  if (!complaints_.empty()) complaints_ += "; ";
  complaints_ += complaint;
}

void Seen::equal(std::string_view what, std::string_view actual,
                 std::string_view expected) {
  expect(actual == expected, std::string(what) + " is " + shown(actual) +
                                 ", expected " + shown(expected));
}

void Seen::status(std::string_view expected) {
  equal("the status", response_.status, expected);
}

void Seen::body(std::string_view expected) {
  equal("the body", response_.body, expected);
}

void Seen::body_has(std::string_view text) {
  expect(
      response_.body.find(text) != std::string::npos,
      "the body " + shown(response_.body) + " lacks " + decant::quoted(text));
}

void Seen::body_lacks(std::string_view text) {
  expect(response_.body.find(text) == std::string::npos,
         "the body " + shown(response_.body) + " has " + decant::quoted(text));
}

void Seen::header(std::string_view name, std::string_view value) {
  const std::string* const found = find_header(response_.headers, name);
  if (found == nullptr) {
    expect(false, "there is no " + std::string(name));
  } else {
    equal(name, *found, value);
  }
}

void Seen::no_header(std::string_view name) {
  const std::string* const found = find_header(response_.headers, name);
  if (name == "Content-Length" && facts_.adds_length && found != nullptr &&
      *found == std::to_string(response_.body.size())) {
    return;
  }
  expect(found == nullptr, "there is a " + std::string(name) + ": " +
                               (found != nullptr ? *found : ""));
}

void Seen::inferred_length(std::string_view length) {
  // The validator gives an iterator, which has no len().
  if (kind_ == Kind::validated && length != "0") {
    no_header("Content-Length");
  } else {
    headers("Content-Length", {std::string(length)});
  }
}

void Seen::headers(std::string_view name,
                   const std::vector<std::string>& values) {
  std::vector<std::string> found;
  std::string list;
  for (const auto& [header, value] : response_.headers) {
    if (!equals_ignoring_case(header, name)) continue;
    found.push_back(value);
    list += ' ' + decant::quoted(value);
  }
  expect(found == values, std::string(name) + " is" + list);
}

void Seen::variable(std::string_view name, std::string_view value) {
  const std::string line = std::string(name) + '=' + std::string(value);
  if (has_line(response_.body, line)) return;
  const std::size_t at = response_.body.find(std::string(name) + '=');
  expect(false,
         "the environ lacks " + decant::quoted(line) + " and has " +
             (at == std::string::npos
                  ? "none of the name"
                  : decant::quoted(
                        std::string_view(response_.body).substr(at, 200))));
}

void Seen::no_variable(std::string_view name) {
  const std::string begin = '\n' + std::string(name) + '=';
  const std::size_t at = ('\n' + response_.body).find(begin);
  expect(at == std::string::npos, "the environ has a " + std::string(name));
}

void Seen::log(std::string_view text, std::size_t times) {
  const std::size_t found = count(response_.log, text);
  expect(found == times, "the log has " + decant::quoted(text) + ' ' +
                             std::to_string(found) + " times, expected " +
                             std::to_string(times) + ": " +
                             decant::quoted(response_.log));
}

void Seen::quiet() {
  const std::size_t lines = count(response_.log, "GET /");
  const std::size_t remarks =
      count(response_.log, "GET /: the client left after ");
  expect(lines == remarks && remarks <= 1,
         "the gateway complained: " + decant::quoted(response_.log));
}

void Seen::complete() {
  expect(response_.complete, "the response was seen to be cut short");
}

void Seen::cut() {
  expect(!response_.complete, "the response looks complete");
}

void Seen::exit_status(int expected) {
  if (!response_.exit_status) return;
  equal("the exit status", std::to_string(*response_.exit_status),
        std::to_string(expected));
}

void Seen::error_page() {
  status("500 Internal Server Error");
  header("Content-Type", "text/plain");
  header("Content-Length", "26");
  body("500 Internal Server Error\n");
  complete();
  exit_status(1);
}

const Rows& table() {
  static const Rows rows = [] {
    Rows all;
    add_environ_rows(all);
    add_input_rows(all);
    add_start_response_rows(all);
    add_write_rows(all);
    add_body_rows(all);
    add_length_rows(all);
    add_failure_rows(all);
    add_log_rows(all);
    add_streaming_rows(all);
    return all;
  }();
  return rows;
}

const Rows& python_table() {
  static const Rows rows = [] {
    Rows all;
    add_python_request_rows(all);
    add_python_head_rows(all);
    add_python_result_rows(all);
    add_python_file_rows(all);
    add_python_error_rows(all);
    add_python_thread_rows(all);
    return all;
  }();
  return rows;
}

}  // namespace decant::conformance
