// SPDX-License-Identifier: MIT
#include "decant/service/process/source_watch.hpp"

#include <sys/stat.h>

#include "decant/runtime.hpp"

namespace decant::service {

void SourceWatch::start() {
  marks_.clear();
  changed();
}

bool SourceWatch::changed() {
  if (runtime().source_files == nullptr) return false;
  bool changed = false;
  for (std::string& file : runtime().source_files()) {
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
