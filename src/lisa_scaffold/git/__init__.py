"""Everything that is asked of git."""

from lisa_scaffold.git.address import Address, clonable, is_address
from lisa_scaffold.git.ancestry import commit_before, commit_of, is_ancestor
from lisa_scaffold.git.checkout import TooLargeError, export
from lisa_scaffold.git.clean import clean_trees
from lisa_scaffold.git.command import (
    VERSION_TAG,
    GitError,
    git,
)
from lisa_scaffold.git.environment import UNPLACED
from lisa_scaffold.git.filters import merge_drivers, refuse_foreign_filters
from lisa_scaffold.git.objects import (
    Blob,
    Difference,
    ObjectWriter,
    Stage,
    Store,
    TreeMerge,
)
from lisa_scaffold.git.remotes import branch_tip, clone_bare, copy_tags, head, tags
from lisa_scaffold.git.repository import (
    History,
    Repository,
    absent_since,
    branches,
    history,
    identity,
    ignored,
    ignores,
    listed,
    refresh_index,
    refuse_branch,
    remote,
    repository,
    sparse_patterns,
    start_branch,
    start_repository,
    status,
    tags_of,
    unmerged,
    unseen_edits,
    update_index,
)
from lisa_scaffold.git.submodules import resolve_address, submodule_addresses

__all__ = [
    "UNPLACED",
    "VERSION_TAG",
    "Address",
    "Blob",
    "Difference",
    "GitError",
    "History",
    "ObjectWriter",
    "Repository",
    "Stage",
    "Store",
    "TooLargeError",
    "TreeMerge",
    "absent_since",
    "branch_tip",
    "branches",
    "clean_trees",
    "clonable",
    "clone_bare",
    "commit_before",
    "commit_of",
    "copy_tags",
    "export",
    "git",
    "head",
    "history",
    "identity",
    "ignored",
    "ignores",
    "is_address",
    "is_ancestor",
    "listed",
    "merge_drivers",
    "refresh_index",
    "refuse_branch",
    "refuse_foreign_filters",
    "remote",
    "repository",
    "resolve_address",
    "sparse_patterns",
    "start_branch",
    "start_repository",
    "status",
    "submodule_addresses",
    "tags",
    "tags_of",
    "unmerged",
    "unseen_edits",
    "update_index",
]
