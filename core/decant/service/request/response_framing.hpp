// SPDX-License-Identifier: MIT
// How a response lies on the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "decant/gateway.hpp"

namespace decant::service {

/// What stands around the head and the body of one response, appended to what
/// is to be sent. Does no I/O.
class ResponseFraming {
 public:
  virtual ~ResponseFraming() = default;

  /// Appends the head, and a first piece of the body, which may be empty.
  virtual void start(std::string& out, const ResponseHead& head,
                     std::string_view piece) = 0;
  /// Appends a piece of the body, which is not empty.
  virtual void append(std::string& out, std::string_view piece) = 0;
  /// Appends what stands before bytes of the body that come from elsewhere:
  /// gives how many of `size`, at least one, it speaks for.
  virtual std::size_t before(std::string& out, std::size_t size) = 0;
  /// Appends what stands behind them where the next piece may be long in
  /// coming.
  virtual void after(std::string& /*out*/) {}
  /// Appends lines of wsgi.errors; false where the protocol has no place for
  /// them.
  virtual bool errors(std::string& out, std::string_view lines) = 0;
  /// Appends the end of the response, begun or not. `application_status` is 0
  /// for one that is whole.
  virtual void end(std::string& out, int application_status) = 0;
  /// The same for a response of known length that did not get so far. By
  /// default it ends as others do, and its status tells.
  virtual void end_short(std::string& out, int application_status) {
    end(out, application_status);
  }
  /// Appends what has the peer break off a response of unknown length; the
  /// connection closes behind it.
  virtual void cut(std::string& out) = 0;
  /// True when the close of the connection is what ends the response, so that
  /// only a reset shows that it was cut.
  virtual bool cut_resets() const noexcept { return false; }
};

}  // namespace decant::service
