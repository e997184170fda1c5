"""Pages and links of the documentation site that lead out of the folder `docs`; MkDocs calls it as a hook.

On our pages a link to a file of the repository is a relative path, as Git hosts show it. The site has only the pages
of `docs`, to which this adds the changelog and the benchmarks' results. A link to any other file becomes one to the
repository at `repo_url`, or plain text as long as `mkdocs.yml` has none.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parents[2]
# What the site shows besides `docs`: the repository's paths, and where the site has them.
FURTHER_PAGES = {
    "CHANGELOG.md": "changelog.md",
    **{
        path.relative_to(REPOSITORY).as_posix(): f"benchmarks/{path.name}"
        for path in sorted(REPOSITORY.glob("benchmarks/results/*.md"))
    },
}
FENCE = re.compile(r"^(```+)[^`\n]*\n.*?^\1[ \t]*$", re.M | re.S)
LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not in `docs`."""
    for path, page in FURTHER_PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(REPOSITORY / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give a page the links that the site has; in searches the pages that explain come before those of the API."""
    if page.file.src_uri.startswith("api/"):
        page.meta["search"] = {"boost": 0.5}
    return turn_page(markdown, page.file.src_uri, repo_url=config.repo_url)


def turn_page(markdown: str, page: str, *, repo_url: str | None) -> str:
    """A page with links of the site instead of links of the repository; fenced blocks stay as they are.

    markdown (str): Its text.
    page (str): Where the site has it.
    repo_url (str | None): Address of the repository, where it is public.
    RETURNS (str): The same text with other links.
    """
    paths = {further: path for path, further in FURTHER_PAGES.items()}
    source = paths.get(page, f"docs/{page}")
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [_turn_links(markdown[end : fence.start()], source, page, repo_url), fence[0]]
        end = fence.end()
    return "".join([*parts, _turn_links(markdown[end:], source, page, repo_url)])


def _turn_links(text: str, source: str, page: str, repo_url: str | None) -> str:
    def turn(link: re.Match[str]) -> str:
        target, label, anchor = link["target"], link["text"], link["anchor"] or ""
        if ":" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        found = path.removeprefix("docs/") if path.startswith("docs/") else FURTHER_PAGES.get(path)
        if found is not None:
            return f"[{label}]({posixpath.relpath(found, posixpath.dirname(page) or '.')}{anchor})"
        return f"[{label}]({repo_url.rstrip('/')}/blob/HEAD/{path}{anchor})" if repo_url else label

    return LINK.sub(turn, text)
