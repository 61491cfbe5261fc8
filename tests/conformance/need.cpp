// SPDX-License-Identifier: MIT
#include "conformance/need.hpp"

namespace decant::conformance {

std::string reason(Need need) {
  switch (need) {
    case Need::given_variables:
      return "the variables are made from HTTP";
    case Need::repeated_variables:
      return "an environment has each name once";
    case Need::tls:
      return "no TLS is spoken there";
    case Need::many_requests:
      return "a process serves one request of the suite";
    case Need::fresh_process:
      return "its process has served other rows";
    case Need::bytes_behind_body:
      return "what follows a body is another request";
    case Need::body_as_it_comes:
      return "the web server waits for the whole body before it asks";
    case Need::unknown_length:
      return "a body has a length there";
    case Need::absent_length:
      return "SCGI always has a CONTENT_LENGTH";
    case Need::own_streams:
      return "it has the standard streams of the suite";
    case Need::resident:
      return "it is a process of its own for each request";
    case Need::bare_log:
      return "its name stands before each line of its log";
    case Need::core_streams:
      return "Python's streams have no such methods, and it has a validator";
    case Need::unchecked:
      break;
  }
  return "the validator finds it first";
}

}  // namespace decant::conformance
