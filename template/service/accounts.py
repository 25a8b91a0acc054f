"""What the accounts of this site do differently from those of django-allauth."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.shortcuts import render

_LOG = logging.getLogger("service.accounts")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Tells people when a mail to them could not be sent."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail, or answer with a page that says that it was not sent.

        Parameters
        ----------
        template_prefix
            Which mail.
        email
            To whom.
        context
            What is filled in.
        """
        try:
            super().send_mail(template_prefix, email, context)
        # What smtplib raises is one as well.
        except OSError as error:
            _LOG.exception("a mail was not sent: see MAIL_HOST")
            page = render(self.request, "mail_failed.html", status=503)
            raise ImmediateHttpResponse(page) from error
