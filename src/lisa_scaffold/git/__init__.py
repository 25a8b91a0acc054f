"""Everything that is asked of git."""

from lisa_scaffold.git.command import (
    VERSION_TAG,
    GitError,
    git,
)
from lisa_scaffold.git.objects import (
    Blob,
    Difference,
    ObjectWriter,
    Stage,
    Store,
    TreeMerge,
    commit_files,
)
from lisa_scaffold.git.repository import (
    Repository,
    clone_bare,
    export,
    identity,
    ignored,
    refresh_index,
    repository,
    start_repository,
    status,
    tags,
    tracked,
    unmerged,
    unseen_edits,
    update_index,
)

__all__ = [
    "VERSION_TAG",
    "Blob",
    "Difference",
    "GitError",
    "ObjectWriter",
    "Repository",
    "Stage",
    "Store",
    "TreeMerge",
    "clone_bare",
    "commit_files",
    "export",
    "git",
    "identity",
    "ignored",
    "refresh_index",
    "repository",
    "start_repository",
    "status",
    "tags",
    "tracked",
    "unmerged",
    "unseen_edits",
    "update_index",
]
