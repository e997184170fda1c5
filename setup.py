"""Builds the optional compiled kernels, and puts the ready configs into the package; all metadata is in setup.cfg.

The environment variable SPACY_CRF_NER_BUILD says what to do about the kernels:

    auto      build them where that works; elsewhere say why not, and make a pure Python package (default)
    require   a build without them is an error
    skip      make a pure Python package
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from logging import WARNING
from pathlib import Path
from textwrap import shorten
from typing import Any

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError, SetupError

KERNELS = Path("spacy_crf_ner", "kernels", "cpu")
MODES = ("auto", "require", "skip")
MODE = os.environ.get("SPACY_CRF_NER_BUILD", "auto")
# The sources choose the instruction sets themselves, one file each, so that one wheel serves every processor: no -march
# here. Nothing but the module's initialisation is visible: another library must not be given our templates, which are
# compiled for instructions that its processor may lack. Debugging symbols would be most of the size.
COMPILE_ARGS = ["-std=c++17", "-O3", "-g0", "-fvisibility=hidden", "-fvisibility-inlines-hidden"]
THREAD_ARGS = ["-pthread"] if sys.platform.startswith("linux") else []


def find_extensions() -> list[Extension]:
    """The extension module, if its sources are here."""
    main = KERNELS / "_crf.pyx"
    if not main.exists():
        if MODE == "require":
            raise SystemExit(f"error: SPACY_CRF_NER_BUILD=require, but there is no {main}")
        return []
    # Generated files lie in the build folder, so these are all that the extension is made of.
    patterns = ("*.pyx", "*.pxd", "src/*.cpp", "src/*.hpp")
    files = [path.as_posix() for pattern in patterns for path in sorted(KERNELS.glob(pattern))]
    return [
        Extension(
            ".".join((*KERNELS.parts, "_crf")),
            sources=[main.as_posix(), *(name for name in files if name.endswith(".cpp"))],
            depends=files,
            include_dirs=[KERNELS.as_posix()],
            language="c++",
            extra_compile_args=COMPILE_ARGS + THREAD_ARGS,
            extra_link_args=THREAD_ARGS,
        )
    ]


class BuildPackage(build_py):
    """Puts the ready configs into the package: in the repository they are beside it, and there only."""

    def run(self) -> None:
        """Build what is Python, then copy; an editable installation reads them where they are."""
        super().run()
        if not self.editable_mode:
            for copied, original in self._configs().items():
                self.mkpath(str(Path(copied).parent))
                self.copy_file(original, copied)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """All files that are built."""
        return [*super().get_outputs(include_bytecode), *self._configs()]

    def get_output_mapping(self) -> dict[str, str]:
        """What each file that is built is copied from."""
        return {**super().get_output_mapping(), **self._configs()}

    def _configs(self) -> dict[str, str]:
        folder = Path(self.build_lib, "spacy_crf_ner", "configs")
        return {str(folder / path.name): path.as_posix() for path in sorted(Path("configs").glob("*.cfg"))}


class BuildKernels(build_ext):
    """Builds the extension, or says why not and leaves it out."""

    def finalize_options(self) -> None:
        """Build always: what is newer than its sources may come from another compiler, or of other options."""
        super().finalize_options()
        self.force = True

    def run(self) -> None:
        """Build, unless told not to; what fails is an error only if the extension is required."""
        # setuptools resets it on the way.
        inplace = self.inplace
        if MODE == "skip":
            self._leave_out("SPACY_CRF_NER_BUILD=skip", inplace)
            return
        try:
            super().run()
        except Exception as error:
            # A failed compiler is quoted with all its arguments, which stand in the output above, too.
            reason = shorten(f"{type(error).__name__}: {error}", 120, placeholder=" ...")
            if MODE == "require":
                raise SetupError(
                    f"the compiled kernels are required, but were not built: {reason}"
                ) from error
            # Whatever is wrong with this machine's compiler must not keep the package from being installed.
            self._leave_out(reason, inplace)

    def build_extensions(self) -> None:
        """Translate the Cython source and compile all files side by side."""
        if self.compiler.compiler_type == "msvc":
            raise CompileError("the kernels need the vector extensions of GCC and Clang, which MSVC lacks")
        # Newer versions of setuptools compile C++ with CXX, older ones with CC: who sets CC alone means this, too.
        if "CC" in os.environ and "CXX" not in os.environ and hasattr(self.compiler, "compiler_so_cxx"):
            self.compiler.compiler_so_cxx = self.compiler.compiler_so
        # Only now: a package without the kernels can be made without Cython.
        from Cython.Build import cythonize  # noqa: PLC0415

        for extension in self.extensions:
            # Beside the source, what is generated would be taken for a source by the next build.
            extension.sources = cythonize([extension], build_dir=self.build_temp, quiet=True)[0].sources
        self.compiler.compile = partial(compile_side_by_side, self.compiler.compile, self.parallel)
        super().build_extensions()

    def _leave_out(self, reason: str, inplace: bool) -> None:
        for extension in self.extensions:
            # An older build, which the wheel or the source folder would go on to hold.
            stale = Path(self.get_ext_filename(extension.name))
            (self.build_lib / stale).unlink(missing_ok=True)
            if inplace:
                stale.unlink(missing_ok=True)
        self.extensions = self.distribution.ext_modules = []
        self.announce(
            "\nspacy-crf-ner: WITHOUT the compiled kernels, as pure Python: everything works, but more slowly.\n"
            f"Reason: {reason}\n"
            "The page docs/installing.md says what they need; SPACY_CRF_NER_BUILD=require makes this an error.\n",
            WARNING,
        )


class BuildWheel(bdist_wheel):
    """Names a wheel for this platform only if it holds the extension."""

    def run(self) -> None:
        """Build first, then see what was built."""
        if not self.skip_build:
            self.run_command("build")
            self.skip_build = True
        self.root_is_pure = not self.distribution.has_ext_modules()
        super().run()


def compile_side_by_side(
    compile_files: Any, jobs: int | None, sources: list[str], **options: Any
) -> list[str]:
    """What the method `compile` of a compiler does, in `jobs` threads (None: one for each processor)."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(jobs or processors) as pool:
        objects = pool.map(lambda source: compile_files([source], **options), sources)
        return [name for names in objects for name in names]


if MODE not in MODES:
    raise SystemExit(f"error: SPACY_CRF_NER_BUILD={MODE}: expected one of {', '.join(MODES)}")
setup(
    ext_modules=find_extensions(),
    cmdclass={"build_ext": BuildKernels, "build_py": BuildPackage, "bdist_wheel": BuildWheel},
)
