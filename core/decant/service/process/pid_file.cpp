// SPDX-License-Identifier: MIT
#include "decant/service/process/pid_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "decant/error.hpp"
#include "decant/number.hpp"
#include "decant/text.hpp"

namespace decant::service {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error("--pid-file: " + decant::quoted(path) + ": " +
              std::generic_category().message(error) +
              "; give a file that this user may write to");
}

/// The lock is the process's, so that no worker keeps it.
bool lock(int fd) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(fd, F_SETLK, &whole) == 0;
}

/// False when the file has been removed, or another one is in its place.
bool is_at(const std::string& path, int fd) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(fd, &ours) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace

PidFile::PidFile(const std::string& path)
    : path_(std::filesystem::absolute(path)), owner_(::getpid()) {
  bool locked = false;
  do {
    file_.reset(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file_) fail(path, errno);
    locked = lock(file_.get());
    // The service that had it may have ended, and removed it, in between.
  } while (locked && !is_at(path_, file_.get()));
  if (!locked) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
    std::string pid(text.data(), static_cast<std::size_t>(size > 0 ? size : 0));
    pid.erase(pid.find_last_not_of('\n') + 1);
    throw Error("--pid-file: " + decant::quoted(path) +
                " is that of a running service" +
                (parse_number<int>(pid) ? ", process " + pid : std::string()) +
                "; stop that one or choose another file");
  }
  const std::string text = std::to_string(owner_) + '\n';
  if (::ftruncate(file_.get(), 0) != 0 ||
      ::pwrite(file_.get(), text.data(), text.size(), 0) !=
          static_cast<ssize_t>(text.size())) {
    fail(path, errno);
  }
}

PidFile::~PidFile() {
  if (owner_ != ::getpid() || !is_at(path_, file_.get())) return;
  if (::unlink(path_.c_str()) == 0) return;
  // Not this user's folder any more: that nobody takes another process, which
  // is given the number, for the service.
  (void)!::ftruncate(file_.get(), 0);
}

}  // namespace decant::service
