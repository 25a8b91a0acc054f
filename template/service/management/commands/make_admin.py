"""``make_admin MAIL``: an administrator, whose address no mail has to prove."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Command(BaseCommand):
    """Makes an administrator."""

    help = "Make an administrator, of somebody who has an account or of somebody new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an address."""
        parser.add_argument("mail", help="the address by which the administrator logs in")

    def handle(self, *_words: Any, **options: Any) -> None:
        """Make one; the password is asked for, or a line of what is piped in."""
        mail = options["mail"].lower()
        try:
            validate_email(mail)
            person = find_owner(mail) or make_owner(mail)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person.is_staff = person.is_superuser = person.is_active = True
        person.save()
        self.stdout.write(f"{mail} is an administrator")


def find_owner(mail: str) -> User | None:
    """Find whose address it is: somebody who has proven it, and so keeps the password."""
    proven = EmailAddress.objects.select_related("user").filter(email=mail, verified=True).first()
    return proven.user if proven else None


def make_owner(mail: str) -> User:
    """Make an account with a new password; one that nobody has proven may be of anybody."""
    people = get_user_model()
    person = people.objects.filter(email__iexact=mail).first() or people(email=mail)
    password = read_password()
    validate_password(password, person)
    person.set_password(password)
    person.username = person.username or get_adapter().generate_unique_username([mail])
    with transaction.atomic():
        person.save()
        EmailAddress.objects.filter(user=person).update(primary=False)
        given = {"verified": True, "primary": True}
        EmailAddress.objects.update_or_create(given, user=person, email=mail)
    return person


def read_password() -> str:
    """Read a password twice from a terminal, or once from what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass("Password: ")
    if getpass("Once more: ") != password:
        message = "These are two different passwords."
        raise ValidationError(message)
    return password
