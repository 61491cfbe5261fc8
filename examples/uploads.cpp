// SPDX-License-Identifier: MIT
// A folder that files are sent to and fetched from, in constant memory. The
// page shows how far a file has come, and so does /progress/ID of a request
// with that X-Request-ID; a browser may fetch a part of one (Range), and goes
// on where it was cut off.
//   UPLOADS=/tmp decant http ./uploads.so
//   curl -F file=@photo.jpg -H 'X-Request-ID: mine' http://127.0.0.1:8000/
//   curl http://127.0.0.1:8000/progress/mine
//   curl -r 0-99 http://127.0.0.1:8000/photo.jpg
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <decant/path.hpp>
#include <decant/web.hpp>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>
namespace fs = std::filesystem;
using namespace decant;

constexpr std::uint64_t most_bytes = std::uint64_t{4} << 30;  // of one file
constexpr std::size_t most_listed = 1000;

std::string in_folder(std::string_view name) {
  const char* const folder = std::getenv("UPLOADS");
  return (folder != nullptr ? folder : ".") + ('/' + std::string(name));
}

/// Hidden, so that nobody fetches what is not whole. The id has no slash.
std::string part_name(std::string_view id) {
  return in_folder(".part-" + std::string(id));
}

/// A file that grows under a hidden name, and has its own once it is whole.
class NewFile {
 public:
  NewFile(std::string part, std::string path)
      : part_(std::move(part)),
        path_(std::move(path)),
        file_(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                     0600)) {
    if (!file_) fail();
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() { ::unlink(part_.c_str()); }

  void write(std::string_view data) {
    if (!write_all(file_.get(), data)) throw web::HttpError(507);
  }
  void keep() {
    // Unlike rename(2) it replaces nothing.
    if (::link(part_.c_str(), path_.c_str()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    if (errno == EEXIST) {
      throw web::HttpError(
          409, "There is a file of that name, or one on its way.\n");
    }
    throw std::system_error(errno, std::generic_category(), path_);
  }

  std::string part_;
  std::string path_;
  Descriptor file_;
};

std::uint64_t save(web::MultipartReader& parts, const std::string& part,
                   const std::string& name) {
  NewFile file(part, in_folder(name));
  std::uint64_t size = 0;
  for (auto data = parts.read(); !data.empty(); data = parts.read()) {
    size += data.size();
    if (size > most_bytes) throw web::HttpError(413);
    file.write(data);
  }
  file.keep();
  return size;
}

/// A browser says which site a form comes from; others say nothing.
void check_origin(const web::Request& request) {
  const std::string_view origin = request.header("Origin");
  if (!origin.empty() && !origin.ends_with("://" + request.host())) {
    throw web::HttpError(403, "This form is not ours.\n");
  }
}

web::Response store(const web::Request& request) {
  check_origin(request);
  const std::string part = part_name(request.header("X-Request-ID"));
  std::string list;
  web::MultipartReader parts = request.multipart();
  while (const web::PartHead* const head = parts.next_part()) {
    if (head->filename.value_or("").empty()) continue;
    const std::string name = web::safe_name(*head->filename);
    const std::uint64_t size = save(parts, part, name);
    list += name + ", " + std::to_string(size) + " bytes\n";
  }
  return web::Response(list).status(201);
}

/// How much of the file that is being sent has come.
web::Response progress(std::string_view id) {
  std::error_code none;
  const std::uintmax_t size = fs::file_size(part_name(id), none);
  if (none) throw web::HttpError(404, "No file of that id is on its way.\n");
  return web::json("{\"bytes\": " + std::to_string(size) + "}\n")
      .header("Cache-Control", "no-store");
}

constexpr char form[] = R"(
<input type="file" name="file" multiple required>
<button>Send</button> <progress value="0"></progress> <output></output>
</form>
<script>
const form = document.forms[0];
form.onsubmit = event => {
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.upload.onprogress = sent => {
    form.querySelector('progress').value = sent.loaded / sent.total;
  };
  request.onloadend = () => {
    form.querySelector('output').value =
        request.responseText || 'The connection was lost.';
  };
  request.open('POST', form.action);
  request.send(new FormData(form));
};
</script>
)";

web::Response page(const web::Request& request) {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(in_folder(""))) {
    const std::string name = file.path().filename();
    if (file.is_regular_file() && !name.starts_with('.')) names.push_back(name);
    if (names.size() == most_listed) break;
  }
  std::sort(names.begin(), names.end());
  const std::string root = percent_encoded(request.script_name()) + '/';
  std::string text = "<!DOCTYPE html>\n<title>Uploads</title>\n<ul>\n";
  for (const std::string& name : names) {
    text += "<li><a href=\"" + web::html_escaped(root + percent_encoded(name)) +
            "\">" + web::html_escaped(name) + "</a></li>\n";
  }
  return web::html(text + "</ul>\n<form method=\"post\" action=\"" +
                   web::html_escaped(root) +
                   "\" enctype=\"multipart/form-data\">" + form);
}

/// To be saved and never shown: a page that somebody has sent would be one of
/// this site.
web::Response fetch(const web::Request& request, std::string_view name) {
  return web::send_file_beneath(request, in_folder(""), name,
                                {.download_name = std::string(name)})
      .header("X-Content-Type-Options", "nosniff");
}

Application site() {
  web::Router router;
  router.get("/", page).post("/", store);
  router.get("/progress/{id}", progress).get("/{name}", fetch);
  return web::request_id({.trust = true})(router);
}

DECANT_APPLICATION(site())
