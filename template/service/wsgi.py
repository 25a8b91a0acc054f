"""What gunicorn runs."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "service.settings")
application = get_wsgi_application()
# All pages are loaded before gunicorn makes its worker: what is broken ends the service as it
# starts, and both processes share the memory, as long as none of them writes there. The garbage
# collector would, in each object that it looks at: it need not look at these.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
