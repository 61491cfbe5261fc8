// SPDX-License-Identifier: MIT
// The cases as a table: what each engine does, and what others did that were
// measured with the same bytes (Debian 12: libfcgi 2.4.2 by itself, Go 1.19's
// net/http/fcgi, php-fpm 8.2.35, uWSGI 2.0.21).
#include <algorithm>
#include <iostream>
#include <string_view>

#include "conformance/fastcgi_matrix.hpp"

namespace decant::conformance {
namespace {

struct Peers {
  const char* libfcgi;
  const char* go;
  const char* php;
  const char* uwsgi;
};

/// In the order of the cases' numbers, from 1.
constexpr std::array<Peers, 28> peers = {{
    {"ok", "ok", "ok", "ok"},
    {"no answer", "MPXS=1", "ok", "no answer"},
    {"closes", "ignored", "reset", "ignored"},
    {"becomes a parameter", "ignored", "request lost", "ok"},
    {"runs", "refused", "runs", "runs"},
    {"closes", "ok", "reset", "runs"},
    {"ok", "ok", "reset", "stuck"},
    {"ok", "ok", "reset", "stuck"},
    {"error", "ok", "body lost", "ok"},
    {"ok", "ok", "ok", "ok"},
    {"ok", "ok", "ok", "closes"},
    {"2nd lost", "ok", "ok", "closes"},
    {"2nd lost", "1st lost", "ok", "1st only"},
    {"body of 1st lost", "2nd only", "lost", "mixes"},
    {"answers 200", "ok", "empty body", "stuck"},
    {"3 bytes", "3 bytes", "waits", "error 500"},
    {"10 bytes", "10 bytes", "ok", "ok"},
    {"ok", "ok", "0 bytes", "0 bytes"},
    {"ok", "ok", "0 bytes", "0 bytes"},
    {"both", "last", "last", "last"},
    {"cut", "kept", "kept", "kept"},
    {"closes", "500", "reset", "stuck"},
    {"runs", "500", "ok", "500"},
    {"ok", "ok", "runs", "runs"},
    {"ok", "waits", "ok", "stuck"},
    {"ok", "ok", "ok", "ok"},
    {"ok", "ok", "ok", "answers it"},
    {"ok", "ok", "ok", "ok"},
}};

void print(const FastcgiCase& one, std::string& reasons) {
  const std::string_view name = one.name;
  const auto number = std::stoul(std::string(name.substr(0, 2)));
  const bool known = one.not_with_libfcgi != nullptr;
  std::cout << "| " << name << " | ok | " << (known ? "known" : "ok");
  if (number <= peers.size()) {
    const Peers& row = peers[number - 1];
    std::cout << " | " << row.libfcgi << " | " << row.go << " | " << row.php
              << " | " << row.uwsgi << " |\n";
  } else {
    std::cout << " | | | | |\n";
  }
  if (known) {
    reasons += "\nKnown of libfcgi, " + std::string(name) + ": " +
               one.not_with_libfcgi + ".\n";
  }
}

}  // namespace

void print_fastcgi_matrix() {
  std::cout << "| case | `records` | `libfcgi` | libfcgi alone | Go | php-fpm "
               "| uWSGI |\n|---|:-:|:-:|---|---|---|---|\n";
  std::vector<FastcgiCase> all;
  for (const auto cases :
       {record_cases, request_cases, response_cases, further_cases}) {
    for (const FastcgiCase& one : cases()) all.push_back(one);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::string_view(a.name) < b.name;
  });
  std::string reasons;
  for (const FastcgiCase& one : all) print(one, reasons);
  std::cout << reasons;
}

}  // namespace decant::conformance
