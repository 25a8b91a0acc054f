"""What the modules of a project import when they are imported, and the distributions that bring it.

An import name need not be the name of a distribution: only of those in the table is it known.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.files import Files

# The names of distributions that are imported by that name, and by no other one.
_SAME = frozenset(
    [
        *("aiohttp", "arviz", "asdf", "astropy", "astroquery", "bilby", "boto3", "cartopy"),
        *("chainconsumer", "click", "cmdstanpy", "colorcet", "corner", "cython", "dask", "dill"),
        *("dynesty", "emcee", "eryn", "esutil", "fastapi", "fitsio", "flask", "fsspec"),
        *("george", "getdist", "gwosc", "gwpy", "h5netcdf", "h5py", "healpy", "httpx", "hvplot"),
        *("iminuit", "jax", "joblib", "jplephem", "lisaconstants", "lisaglitch", "lisagwresponse"),
        *("lisainstrument", "lisaorbits", "lmfit", "loguru", "matplotlib", "mpi4py", "mpmath"),
        *("multiprocess", "nessai", "networkx", "numba", "numexpr", "numpy", "numpyro"),
        *("optuna", "pandas", "photutils", "plotly", "polars", "psutil", "pyarrow"),
        *("pycbc", "pydantic", "pyfftw", "pymc", "pyproj", "pytdi", "requests", "rich"),
        *("scipy", "seaborn", "sgp4", "shapely", "skyfield", "specutils", "spiceypy", "sqlalchemy"),
        *("statsmodels", "sympy", "tabulate", "tensorflow", "torch", "tqdm", "typer", "ultranest"),
        *("uncertainties", "xarray", "zarr"),
        *("camb", "configobj", "galsim", "gammapy", "nibabel", "obspy", "rasterio", "rdkit"),
        *("reproject", "six", "treecorr"),
    ]
)
# Other names that they are imported by, or may come from.
_OTHERS = {
    "PIL": ("pillow",),
    "bs4": ("beautifulsoup4",),
    "cupy": ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "dateutil": ("python-dateutil",),
    "enterprise": ("enterprise-pulsar", "enterprise"),
    "erfa": ("pyerfa",),
    "git": ("gitpython",),
    "lal": ("lalsuite",),
    "lalsimulation": ("lalsuite",),
    "netCDF4": ("netcdf4",),
    "pint": ("pint", "pint-pulsar"),
    "pkg_resources": ("setuptools",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "tables": ("tables",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly"),
    "yaml": ("pyyaml",),
}


# Many others bring these, so that nobody knows whether an import of them is taken care of.
_OF_OTHERS = {
    **{
        name: (name,)
        for name in (
            *("cachetools", "duckdb", "html5lib", "imageio", "jsonschema", "lxml", "pooch"),
            *("prefect", "pygments", "pytest", "pyvista", "simplejson", "sunpy", "termcolor"),
            *("tomlkit", "trimesh", "xlrd"),
        )
    },
    "ipython": ("IPython",),
    "pyjwt": ("jwt",),
    "pyzmq": ("zmq",),
}


class Imported(NamedTuple):
    """A module that a file imports as soon as it is imported itself.

    Attributes
    ----------
    name
        The first part of the module's name.
    path, line
        Where.
    """

    name: str
    path: str
    line: int


def find_distributions(name: str) -> tuple[str, ...]:
    """The distributions that bring a module, the usual one first; none where that is not known."""
    return _OTHERS.get(name) or ((name,) if name in _SAME else ())


def find_modules(distribution: str) -> tuple[str, ...]:
    """The modules that a distribution brings, by its normalised name; none where not known."""
    found = tuple(name for name, options in _OTHERS.items() if distribution in options)
    return found or _OF_OTHERS.get(distribution, (distribution,) if distribution in _SAME else ())


def find_imports(files: Files, path: str) -> Iterator[Imported]:
    """What a module imports at its top level, whatever happens: of others, and of no standard one.

    What stands in a condition or a ``try`` may be done without.
    """
    tree = files.python(path)
    for node in tree.body if isinstance(tree, ast.Module) else ():
        names: Iterable[str] = ()
        match node:
            case ast.Import(names=aliases):
                names = [each.name for each in aliases]
            case ast.ImportFrom(module=str(module), level=0):
                names = [module]
        for name in dict.fromkeys(each.partition(".")[0] for each in names):
            if name not in sys.stdlib_module_names:
                yield Imported(name, path, node.lineno)


_PIN = compile_lazily(r"(?<![=<>!~])=(?!=)\s*([\w.!+-]*)(?:=.*)?")


def read_conda(files: Files, path: str) -> tuple[list[str], list[str]]:
    """What an environment of conda has, as requirements: of conda, and of pip.

    A pin of conda's is the oldest version: what it means is not known elsewhere.
    """
    conda: list[str] = []
    pip: list[str] = []
    for entry in files.yaml(path).items("dependencies"):
        match entry:
            case str():
                conda.append(_PIN.sub(r">=\1", entry.rpartition("::")[2]).strip())
            case {"pip": list(lines)}:
                pip += [line for line in lines if isinstance(line, str)]
    return conda, pip
