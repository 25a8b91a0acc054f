"""The interface for programs. Its description (OpenAPI) is at ``/api/openapi.json``."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import ModelSchema, NinjaAPI, Schema, Status
from ninja.errors import HttpError, Throttled
from ninja.security import HttpBearer

from challenges.models import Challenge, Dataset, Token
from service import limits, store


class TokenAuth(HttpBearer):
    """A token of ours, as ``Authorization: Bearer``.

    Requests are counted here, since Django Ninja looks at its throttles after this alone.
    """

    def __call__(self, request: HttpRequest) -> Token | None:
        """Whose token a request has; those without a valid one are counted by their address."""
        found: Token | None = super().__call__(request)
        if found is None:
            refuse_too_many(limits.count_stranger(request))
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """Whose token it is; nobody's is refused."""
        found = Token.find(token)
        if found:
            refuse_too_many(limits.count_person(found.owner))
            request.user = found.owner
        return found


class StaffAuth(TokenAuth):
    """A token of somebody who may change things."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """Whose token it is; one of other people is refused."""
        found = super().authenticate(request, token)
        if found and not found.owner.is_staff:
            raise HttpError(403, "this token's owner is not among the staff")
        return found


def refuse_too_many(wait: int) -> None:
    """Refuse a request that has to wait."""
    if wait:
        raise Throttled(wait)


api = NinjaAPI(title="Data challenges", version="1", docs_url=None, auth=TokenAuth())


@api.exception_handler(Throttled)
def tell_wait(request: HttpRequest, error: Throttled) -> HttpResponse:
    """Tell how long to wait."""
    answer = api.create_response(request, {"detail": str(error)}, status=429)
    answer.headers["Retry-After"] = str(error.wait)
    return answer


class ChallengeOut(ModelSchema):
    """A challenge."""

    class Meta:
        model = Challenge
        fields = ("slug", "title", "description", "opened")


class DatasetOut(Schema):
    """A dataset."""

    id: int
    challenge: str
    name: str
    sha256: str
    size: int
    doi: str
    published: datetime | None

    @staticmethod
    def resolve_challenge(dataset: Dataset) -> str:
        """Name the challenge as addresses do."""
        return dataset.challenge.slug


class DatasetIn(Schema):
    """What is told of a file before it is uploaded."""

    challenge: str
    name: str
    sha256: str
    size: int
    doi: str = ""


class Upload(Schema):
    """Where to PUT the file, and the headers that must go with it."""

    id: int
    url: str
    headers: dict[str, str]


class Download(Schema):
    """Where to GET the file."""

    url: str
    sha256: str


@api.get("/challenges", response=list[ChallengeOut])
def list_challenges(request: HttpRequest) -> object:
    """List all challenges."""
    return Challenge.objects.all()


@api.get("/datasets", response=list[DatasetOut])
def list_datasets(request: HttpRequest, challenge: str = "") -> object:
    """List the published datasets, of all challenges or of one."""
    found = Dataset.objects.filter(published__isnull=False).select_related("challenge")
    return found.filter(challenge__slug=challenge) if challenge else found


@api.get("/datasets/{number}/download", response=Download)
def get_download(request: HttpRequest, number: int) -> object:
    """Count a download, and tell its address."""
    published = Dataset.objects.select_related("challenge").filter(published__isnull=False)
    dataset = get_object_or_404(published, pk=number)
    dataset.count_download()
    return {"url": store.sign_download(dataset.key, dataset.name), "sha256": dataset.sha256}


@api.post("/datasets", response={201: Upload}, auth=StaffAuth())
def announce_dataset(request: HttpRequest, given: DatasetIn) -> object:
    """Announce a file, and get the address to upload it to."""
    challenge = get_object_or_404(Challenge, slug=given.challenge)
    told = given.dict(exclude={"challenge"})
    dataset = challenge.datasets.filter(name=given.name).first() or Dataset(challenge=challenge)
    if dataset.published:
        raise HttpError(409, "there is a published dataset of this name: use another one")
    for name, value in told.items():
        setattr(dataset, name, value)
    try:
        dataset.full_clean()
    except ValidationError as error:
        raise HttpError(422, "; ".join(error.messages)) from error
    dataset.save()
    url, headers = store.sign_upload(dataset.key, dataset.sha256)
    return Status(201, {"id": dataset.pk, "url": url, "headers": headers})


@api.post("/datasets/{number}/publish", response=DatasetOut, auth=StaffAuth())
def publish_dataset(request: HttpRequest, number: int) -> object:
    """Show a dataset to people, once its file has arrived whole."""
    dataset = get_object_or_404(Dataset.objects.select_related("challenge"), pk=number)
    if dataset.published:
        return dataset
    size = store.find_size(dataset.key)
    if size != dataset.size:
        raise HttpError(409, f"the store has {size or 0} bytes of {dataset.size}: upload it first")
    sha256 = store.find_sha256(dataset.key)
    if sha256 != dataset.sha256:
        message = f"the store has another content, of SHA-256 {sha256}: upload the file again"
        raise HttpError(409, message)
    dataset.published = timezone.now()
    dataset.save()
    return dataset
