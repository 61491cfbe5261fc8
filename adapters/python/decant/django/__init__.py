# SPDX-License-Identifier: MIT
"""`manage.py runserver`, served by decant.

    INSTALLED_APPS = [
        'decant.django',
        ...
    ]

Options, auto-reload, static files and messages are Django's. It stands before
django.contrib.staticfiles, whose command has the same name.
"""
