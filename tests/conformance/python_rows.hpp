// SPDX-License-Identifier: MIT
// What the chapters on Python share.
#pragma once

#include <string>
#include <utility>

#include "conformance/suite.hpp"

namespace decant::conformance {

/// The application judges by itself, and finds nothing wrong.
inline Row checked_row(std::string name, std::string application,
                       Request request = {}) {
  return {.name = std::move(name),
          .application = std::move(application),
          .request = std::move(request),
          .check = [](Seen& seen) {
            seen.status("200 OK");
            seen.body("as it should be\n");
            seen.complete();
          }};
}

/// A response of that body, and lines of the log, each of them once.
inline Row body_row(std::string name, std::string application, std::string body,
                    std::vector<std::string> log = {}, Request request = {}) {
  request.log = log;
  return {.name = std::move(name),
          .application = std::move(application),
          .request = std::move(request),
          .check = [body = std::move(body), log = std::move(log)](Seen& seen) {
            seen.body(body);
            seen.complete();
            for (const std::string& line : log) seen.log(line);
          }};
}

/// The gateway's own page, and lines of the log, each of them once. The
/// application is called twice: it cannot end the service.
inline Row error_row(std::string name, std::string application,
                     std::vector<std::string> log, Request request = {}) {
  request.log = log;
  request.times = 2;
  return {.name = std::move(name),
          .application = std::move(application),
          .request = std::move(request),
          .check = [log = std::move(log)](Seen& seen) {
            seen.error_page();
            for (const std::string& line : log) seen.log(line);
          }};
}

/// A response that was cut after "begun ", and lines of the log.
inline Row cut_row(std::string name, std::string application,
                   std::vector<std::string> log, Request request = {}) {
  request.log = log;
  request.times = 2;
  return {.name = std::move(name),
          .application = std::move(application),
          .request = std::move(request),
          .check =
              [log = std::move(log)](Seen& seen) {
                if (!seen.response().status.empty() ||
                    !seen.facts().may_lose_the_head) {
                  seen.status("200 OK");
                  seen.body("begun ");
                }
                seen.cut();
                for (const std::string& line : log) seen.log(line);
              },
          .needs = {Need::signals_cut}};
}

/// For rows that need a request before.
inline Row of_a_service(Row row) {
  row.needs = {Need::many_requests};
  return row;
}

}  // namespace decant::conformance
