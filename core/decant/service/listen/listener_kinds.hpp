// SPDX-License-Identifier: MIT
// How each kind of listener is opened, and what they share.
#pragma once

#include <string>
#include <string_view>

#include "decant/service/listen/listener.hpp"

namespace decant::service {

Listener open_unix(const Endpoint& endpoint, const SocketSettings& settings);
Listener open_tcp(const Endpoint& endpoint, const SocketSettings& settings);
/// Takes a descriptor that somebody else opened; `origin` says who. One of the
/// standard three moves away, so that no file of ours and no child takes it
/// for its own.
Listener take(int fd, const std::string& origin);

/// A stream socket that does not block.
Descriptor make_socket(int family, const std::string& name);
/// The address a socket is bound to, as it is written on the command line.
std::string bound_name(int fd);
/// Throws the Error that `error`, an errno, comes to.
[[noreturn]] void fail_to_listen(const std::string& name, int error,
                                 std::string_view cure);

}  // namespace decant::service
