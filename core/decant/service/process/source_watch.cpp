// SPDX-License-Identifier: MIT
#include "decant/service/process/source_watch.hpp"

#include <sys/stat.h>

#include "decant/runtime.hpp"

namespace decant::service {

void SourceWatch::start() {
  marks_.clear();
  changed();
}

std::vector<std::string> SourceWatch::files() const {
  std::vector<std::string> files = more_;
  if (runtime().source_files != nullptr) {
    for (std::string& file : runtime().source_files()) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

bool SourceWatch::has_changed_since(
    std::chrono::system_clock::time_point moment) const {
  const std::chrono::nanoseconds since = moment.time_since_epoch();
  for (const std::string& file : files()) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) continue;
    const auto changed = std::chrono::seconds(info.st_mtim.tv_sec) +
                         std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    if (changed >= since) return true;
  }
  return false;
}

bool SourceWatch::changed() {
  bool changed = false;
  for (std::string& file : files()) {
    struct stat info {};
    // An editor may be about to put it back.
    if (::stat(file.c_str(), &info) != 0) continue;
    const Mark mark{info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                    info.st_mtim.tv_nsec};
    const auto [place, is_new] = marks_.try_emplace(std::move(file), mark);
    if (!is_new && place->second != mark) {
      place->second = mark;
      changed = true;
    }
  }
  return changed;
}

}  // namespace decant::service
