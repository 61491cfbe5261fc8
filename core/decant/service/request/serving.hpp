// SPDX-License-Identifier: MIT
// What a thread does with the connections of a door: it looks at what lies
// there, answers what needs no application, and serves the requests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "decant/service/loop/loop.hpp"
#include "decant/service/request/body_input.hpp"
#include "decant/service/request/codec.hpp"
#include "decant/service/request/intake.hpp"
#include "decant/service/request/served_request.hpp"

namespace decant::service {

/// Serves whatever a codec reads, one request at a time. One per thread.
class Serving : public Protocol {
 public:
  /// Borrows `observer`, which may be null.
  Serving(const Served& served, std::unique_ptr<Codec> codec,
          Observer* observer)
      : served_(served), codec_(std::move(codec)), observer_(observer) {}

  Next ready(Connection& connection) final;
  void expire(Connection& connection) final;

 protected:
  const Served& served() const noexcept { return served_; }
  const Codec& codec() const noexcept { return *codec_; }
  /// Runs the application on the request whose head the codec has read last.
  void run(const Connection& connection, ServedRequest& request);

 private:
  /// Serves that request, with `input` for its body. False when its connection
  /// cannot have another one. Where a library speaks for the codec it does so
  /// here.
  virtual bool converse(Connection& connection, BodyInput& input);

  Next use(Connection& connection);
  bool take_out(const Scan& piece);
  Next serve(Connection& connection, const Scan& head);
  Next refuse(const Connection& connection, const Scan& scan);
  Next end_malformed(const Connection& connection);
  Next answer_and_end(const Connection& connection, int status);

  const Served served_;
  const std::unique_ptr<Codec> codec_;
  Observer* const observer_;
  Intake intake_;
  Variables variables_;
  std::string out_;  // what is to be sent
};

}  // namespace decant::service
