// SPDX-License-Identifier: MIT
// What is installed as `decant`: hands a request to a warm worker, where one is
// wanted, and else becomes the command. It is linked statically and reads no
// options, so that it has ended before the command would have begun.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "decant/command/query_words.hpp"
#include "decant/exit_status.hpp"
#include "decant/server/warm/caller.hpp"
#include "decant/server/warm/place.hpp"

namespace {

namespace warm = decant::warm;

/// The command itself, which lies at a place of its own beside this program, so
/// that an installed tree can be moved; else where it was installed.
std::string find_command() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t size =
      ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  std::string beside(buffer.data(),
                     static_cast<std::size_t>(size > 0 ? size : 0));
  beside.erase(beside.rfind('/') + 1);
  beside += DECANT_COMMAND_BESIDE;
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  return DECANT_COMMAND_INSTALLED;
}

std::vector<std::string> own_words(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const char* const query = std::getenv("QUERY_STRING");
  return decant::command::without_query_words(std::move(words),
                                              query != nullptr ? query : "");
}

int become_command(const std::string& command, char** argv) {
  ::execv(command.c_str(), argv);
  const std::string text = "decant: cannot start " + command + ": " +
                           std::strerror(errno) +
                           "; install decant as a whole\n";
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, text.data(), text.size());
  return decant::exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = find_command();
  try {
    // Most are no CGI programs: nothing is looked at twice then.
    if (std::getenv("GATEWAY_INTERFACE") != nullptr) {
      const warm::Wish wish = warm::read_wish(own_words(argc, argv));
      if (wish.wanted) {
        const warm::Identity identity(command, wish.words);
        if (const auto status = warm::hand_over(identity)) return *status;
        ::setenv(warm::tried_variable, "1", 1);
      }
    }
  } catch (const std::exception&) {  // no memory: as without a worker
  }
  return become_command(command, argv);
}
