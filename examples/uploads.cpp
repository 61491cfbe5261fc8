// SPDX-License-Identifier: MIT
// A folder that files are sent to and fetched from, in constant memory. How far
// a file has come is a line of the log for each 64 MiB; a browser may fetch a
// part of one (Range), and goes on where it was cut off.
//   UPLOADS=/tmp decant http ./uploads.so
//   curl -F file=@photo.jpg http://127.0.0.1:8000/
//   curl -r 0-99 http://127.0.0.1:8000/photo.jpg
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <decant/web.hpp>
#include <string>
#include <system_error>
using namespace decant;

constexpr std::uint64_t most_bytes = std::uint64_t{4} << 30;
constexpr std::uint64_t step = 64 << 20;

std::string folder() {
  const char* const name = std::getenv("UPLOADS");
  return name != nullptr ? name : ".";
}

/// A file that is gone again unless it came whole.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path),
        file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                     0600)) {
    if (file_) return;
    if (errno == EEXIST) {
      throw web::HttpError(409, "There is a file of that name.\n");
    }
    throw std::system_error(errno, std::generic_category(), path);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!kept_) ::unlink(path_.c_str());
  }

  void write(std::string_view data) {
    if (!write_all(file_.get(), data)) throw web::HttpError(507);
  }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  Descriptor file_;
  bool kept_ = false;
};

std::uint64_t save(web::MultipartReader& parts, const std::string& name,
                   ErrorStream& log) {
  NewFile file(folder() + '/' + name);
  std::uint64_t size = 0;
  for (auto data = parts.read(); !data.empty(); data = parts.read()) {
    const std::uint64_t steps = size / step;
    size += data.size();
    if (size > most_bytes) throw web::HttpError(413);
    if (size / step != steps) {
      log.write(name + ": " + std::to_string(size >> 20U) + " MiB\n");
    }
    file.write(data);
  }
  file.keep();
  return size;
}

web::Response store(const web::Request& request) {
  std::string list;
  web::MultipartReader parts = request.multipart();
  while (const web::PartHead* const part = parts.next_part()) {
    if (part->filename.value_or("").empty()) continue;
    const std::string name = web::safe_name(*part->filename);
    const std::uint64_t size = save(parts, name, request.env().errors());
    list += name + ", " + std::to_string(size) + " bytes\n";
  }
  return web::Response(list).status(201);
}

web::Response page() {
  return web::html(
      "<!DOCTYPE html>\n<title>Uploads</title>\n"
      "<form method=\"post\" enctype=\"multipart/form-data\">\n"
      "<input type=\"file\" name=\"file\" multiple>\n"
      "<button>Send</button>\n</form>\n");
}

web::Response fetch(const web::Request& request, std::string_view name) {
  return web::send_file_beneath(request, folder(), name);
}

Application site() {
  web::Router router;
  router.get("/", page).post("/", store).get("/{name}", fetch);
  return router;
}

DECANT_APPLICATION(site())
