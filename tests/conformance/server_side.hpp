// SPDX-License-Identifier: MIT
// The columns of the conformance table: ways for a request to reach an
// application.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conformance/suite.hpp"

namespace decant::conformance {

/// What stands between the client of the suite and the applications, which it
/// is made with.
class ServerSide {
 public:
  virtual ~ServerSide() = default;
  virtual Facts facts() const = 0;
  /// Sends one request and receives its response.
  virtual Response serve(const Request& request) = 0;
};

/// A way to reach an application, whichever kind it is of.
struct Way {
  std::string name;
  std::unique_ptr<ServerSide> (*make)(Kind kind);
  /// What it has not.
  Needs lacks = {};
  /// Why it cannot be tried here; empty when it can.
  std::string missing = {};
};

/// A column of the table: a server side with one kind of applications. It
/// starts when it is first asked for.
class Column {
 public:
  Column(const Way& way, Kind kind) : way_(way), kind_(kind) {}

  /// "fastcgi", "fastcgi-python".
  std::string name() const;
  const std::string& side() const { return way_.name; }
  bool has(Need need) const;
  Kind kind() const { return kind_; }
  /// Why it cannot be tried here; empty when it can.
  std::string missing() const;
  ServerSide& server_side();

 private:
  Way way_;
  Kind kind_;
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

// Where the ways are made. With an entry of columns(), and a name in
// CMakeLists.txt, that is all there is to a column.
std::unique_ptr<ServerSide> make_in_process(Kind kind);
std::unique_ptr<ServerSide> make_cgi(Kind kind);
std::unique_ptr<ServerSide> make_fastcgi(Kind kind);
std::unique_ptr<ServerSide> make_fastcgi_records(Kind kind);
std::unique_ptr<ServerSide> make_warm(Kind kind);
std::unique_ptr<ServerSide> make_runner(Kind kind);
std::unique_ptr<ServerSide> make_pipe(Kind kind);
std::unique_ptr<ServerSide> make_http(Kind kind);
std::unique_ptr<ServerSide> make_nginx(Kind kind);
std::unique_ptr<ServerSide> make_scgi(Kind kind);
std::unique_ptr<ServerSide> make_uwsgi(Kind kind);
std::unique_ptr<ServerSide> make_nginx_scgi(Kind kind);
std::unique_ptr<ServerSide> make_nginx_uwsgi(Kind kind);
std::unique_ptr<ServerSide> make_apache_uwsgi(Kind kind);
std::unique_ptr<ServerSide> make_lighttpd_scgi(Kind kind);

/// The CGI variables by which a web server hands `request` on.
Pairs cgi_variables(const Request& request);

/// Status, headers and body of a CGI response.
Response parse_cgi_response(std::string_view text);

/// The path of the decant command.
std::string decant_command();

}  // namespace decant::conformance
