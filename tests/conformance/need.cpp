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
    case Need::signals_cut:
      return "the web server takes a reset for the end of a response";
    case Need::joined_cookies:
      return "the web server joins all headers by commas";
    case Need::empty_header:
      return "the web server drops headers without a value";
    case Need::unframed_post:
      return "the web server wants the length of every POST";
    case Need::slash_in_path:
      return "the web server has no file of that name, it says";
    case Need::any_byte_in_path:
      return "the web server refuses control characters in a path";
    case Need::any_byte_in_query:
      return "the web server refuses bytes above 0x7F in a query";
    case Need::given_reason:
      return "the web server has its own words for a status";
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
