# Read by the jobs of the fleet (". .gitlab/ci/fleet.sh"): puts lisa-scaffold on the PATH.
#
# These jobs hold a token that reaches every project of the fleet. So what they install is locked, with
# the hash of every file, but lisa-scaffold itself: that comes from LISA_SCAFFOLD, and is as sure as
# the tag that this names; with a commit in its place nobody can move it. Wheels run nothing while they
# are installed; nothing of it lies in the checkout, and Python imports nothing from there (-I).

export PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONHOME PYTHONPATH
# The runner's user, not the job's, owns the checkout: without this git refuses to read it.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$CI_PROJECT_DIR"
tools=$(mktemp -d)
python3 -I -m venv "$tools"
"$tools/bin/python" -I -m pip install --quiet --no-cache-dir --no-deps --only-binary :all: \
  --require-hashes --requirement .gitlab/ci/fleet.txt
# What builds lisa-scaffold is among these.
"$tools/bin/python" -I -m pip install --quiet --no-cache-dir --no-deps --no-build-isolation -- \
  "$LISA_SCAFFOLD"
export PATH="$tools/bin:$PATH"
