# SPDX-License-Identifier: MIT
"""The application of INSTALLED_APPS."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core import checks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DecantConfig(AppConfig):
    """decant.django: no models, one command."""

    name = 'decant.django'
    label = 'decant_django'
    verbose_name = 'decant'

    def ready(self) -> None:
        """Registers the check."""
        checks.register(stands_before_staticfiles)


def stands_before_staticfiles(app_configs: Any,
                              **_: Any) -> list[checks.CheckMessage]:
    """Of two commands of one name Django takes the first application's."""
    names = [config.name for config in apps.get_app_configs()]
    static = 'django.contrib.staticfiles'
    if static not in names or names.index(static) > names.index(
            DecantConfig.name):
        return []
    return [checks.Warning(
        'manage.py runserver is that of %s, not of decant.' % static,
        hint="Put 'decant.django' before it in INSTALLED_APPS.",
        id='decant.W001')]
