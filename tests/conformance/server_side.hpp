// SPDX-License-Identifier: MIT
// The columns of the conformance table: ways for a request to reach an
// application.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conformance/suite.hpp"

namespace decant::conformance {

/// What stands between the client of the suite and the applications.
class ServerSide {
 public:
  virtual ~ServerSide() = default;
  virtual Facts facts() const = 0;
  /// Sends one request and receives its response.
  virtual Response serve(const Request& request) = 0;
};

/// A column of the table. The server side starts when it is first asked for.
class Column {
 public:
  using Make = std::unique_ptr<ServerSide> (*)();
  Column(std::string name, Make make, std::string missing = {})
      : name_(std::move(name)), make_(make), missing_(std::move(missing)) {}

  const std::string& name() const { return name_; }
  /// Why it cannot be tried here; empty when it can.
  const std::string& missing() const { return missing_; }
  ServerSide& server_side() {
    if (!server_side_) server_side_ = make_();
    return *server_side_;
  }

 private:
  std::string name_;
  Make make_;
  std::string missing_;
  std::unique_ptr<ServerSide> server_side_;
};

/// All columns, in the order of the table.
std::vector<Column>& columns();

/// What came of a row in a column.
struct Result {
  enum class State { ok, failed, not_applicable };
  State state;
  std::string reason;  ///< complaints, or why it does not apply
};

Result run(const Row& row, Column& column);

std::unique_ptr<ServerSide> make_in_process();
std::unique_ptr<ServerSide> make_cgi();
std::unique_ptr<ServerSide> make_fastcgi();
std::unique_ptr<ServerSide> make_runner();
std::unique_ptr<ServerSide> make_http();
std::unique_ptr<ServerSide> make_nginx();

/// The CGI variables by which a web server hands `request` on.
Pairs cgi_variables(const Request& request);

/// Status, headers and body of a CGI response.
Response parse_cgi_response(std::string_view text);

/// The paths of the decant command and of the plugin with the applications.
std::string decant_command();
std::string plugin();

}  // namespace decant::conformance
