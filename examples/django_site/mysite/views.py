# SPDX-License-Identifier: MIT
from django import forms
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import redirect, render


class UploadForm(forms.Form):
    file = forms.FileField()


def upload(request):
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        return redirect("download", default_storage.save(file.name, file))
    return render(request, "upload.html", {"form": form})


def download(request, name):
    try:
        # Goes through wsgi.file_wrapper: decant sends the file by itself.
        return FileResponse(open(default_storage.path(name), "rb"))
    except FileNotFoundError as error:
        raise Http404 from error


def countdown(request, start):
    # Each line leaves before the next one is made.
    lines = (f"{number}\n" for number in range(start, 0, -1))
    return StreamingHttpResponse(lines, content_type="text/plain")
