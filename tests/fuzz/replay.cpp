// SPDX-License-Identifier: MIT
// Runs a fuzz target on every file of a folder, as a test with any compiler:
//   replay_NAME FOLDER
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: replay_NAME FOLDER\n", stderr);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    std::fprintf(stderr, "%s\n", file.filename().c_str());
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const auto* const data =
        reinterpret_cast<const std::uint8_t*>(bytes.data());
    // Each of its beginnings too: that is how bytes arrive.
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      const std::vector<std::uint8_t> part(data, data + size);
      LLVMFuzzerTestOneInput(part.data(), part.size());
    }
  }
  return files.empty() ? 1 : 0;
}
