# SPDX-License-Identifier: MIT
# A Flask site with a form, an upload, a file and a stream. No line of it
# knows decant:
#   decant run flask_site/app.py / --as body
#   decant fcgi flask_site/app.py --listen unix:/run/decant/flask.sock \
#     --mode 0660 --owner www-data:www-data --env FLASK_FILES=/var/lib/flask
import os
import queue

from flask import Flask, redirect, render_template, request
from flask import send_from_directory, url_for
from werkzeug.utils import secure_filename

app = Flask(__name__)
app.config["FILES"] = os.path.join(app.instance_path, "files")
# FLASK_FILES is where uploads are kept instead.
app.config.from_prefixed_env()
os.makedirs(app.config["FILES"], exist_ok=True)

# One for the process: with --threads above 1 one request waits for what
# another one brings.
messages = queue.SimpleQueue()


@app.route("/", methods=["GET", "POST"])
def index():
    return render_template("index.html", name=request.form.get("name"))


@app.post("/files/")
def upload():
    file = request.files["file"]
    name = secure_filename(file.filename)
    file.save(os.path.join(app.config["FILES"], name))
    return redirect(url_for("download", name=name))


@app.get("/files/<name>")
def download(name):
    # Goes through wsgi.file_wrapper: decant sends the file by itself.
    return send_from_directory(app.config["FILES"], name)


@app.post("/messages")
def add_message():
    messages.put(request.form["message"])
    return "", 204


@app.get("/messages")
def follow_messages():
    """Sends each message as it comes; an empty one ends the stream."""

    def stream():
        yield "Waiting.\n"
        for message in iter(messages.get, ""):
            yield message + "\n"

    return stream(), {"Content-Type": "text/plain"}
