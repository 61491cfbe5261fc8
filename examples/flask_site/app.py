# SPDX-License-Identifier: MIT
# A Flask site with a form, an upload, a file and a stream. No line of it
# knows decant:
#   decant run flask_site/app.py / --as body
#   decant fcgi flask_site/app.py --processes 1 \
#     --listen unix:/run/decant/flask.sock \
#     --mode 0660 --owner www-data:www-data --env FLASK_FILES=/var/lib/flask
import os
import threading

from flask import Flask, redirect, render_template, request
from flask import send_from_directory, url_for
from werkzeug.utils import secure_filename

app = Flask(__name__)
app.config["FILES"] = os.path.join(app.instance_path, "files")
# FLASK_FILES is where uploads are kept instead.
app.config.from_prefixed_env()
os.makedirs(app.config["FILES"], exist_ok=True)

# With --threads above 1 one request waits for what another one brings.
messages = []
arrived = threading.Condition()


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
    with arrived:
        messages.append(request.form["message"])
        arrived.notify_all()
    return "", 204


@app.get("/messages")
def follow_messages():
    """Sends each message as it comes; an empty one ends the stream."""

    def stream():
        seen = len(messages)
        yield "Waiting.\n"
        while True:
            with arrived:
                arrived.wait_for(lambda: len(messages) > seen)
            if not messages[seen]:
                return
            yield messages[seen] + "\n"
            seen += 1

    return stream(), {"Content-Type": "text/plain"}
