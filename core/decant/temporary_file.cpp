// SPDX-License-Identifier: MIT
#include "decant/temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace decant {

Descriptor open_temporary_file() {
  const char* const place = std::getenv("TMPDIR");
  std::string folder = place != nullptr && *place == '/' ? place : "/tmp";
  Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  folder += "/decant-XXXXXX";  // not every file system has the other
  file.reset(::mkostemp(folder.data(), O_CLOEXEC));
  if (file) ::unlink(folder.c_str());
  return file;
}

}  // namespace decant
