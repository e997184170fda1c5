"""The student: whether its config goes with the teacher, and the config with which it learns from it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.training import Example
from spacy.util import registry
from thinc.api import Config

from ...errors import Errors, TrainingError
from ...pipeline import CRFEntityRecognizer
from .corpus import SECTIONS, Corpus, build_distillation_corpus_v1, check_tokens

CORPORA = {"train_corpus": "corpora.train", "dev_corpus": "corpora.dev"}
# What must be the same in both for a distribution over the annotations of the one to be one over those of the other.
SHARED_SETTINGS = ("scheme", "segments")


def find_student(nlp: Language, teacher: CRFEntityRecognizer) -> CRFEntityRecognizer:
    """The component of the student that learns from the teacher.

    nlp (Language): The student, initialized or not.
    teacher (CRFEntityRecognizer): The teacher's component.
    RETURNS (CRFEntityRecognizer): The only one, or the one of the same name.
    RAISES (TrainingError): There is none, or there are several; another scheme, or other sequences, than the teacher's.
    """
    found = {name: pipe for name, pipe in nlp.pipeline if isinstance(pipe, CRFEntityRecognizer)}
    if len(found) != 1 and teacher.name not in found:
        names = ", ".join(found) or "none"
        raise TrainingError(Errors.R404.format(teacher=teacher.name, found=names))
    student = found[teacher.name] if teacher.name in found else next(iter(found.values()))
    for setting, theirs, own in zip(SHARED_SETTINGS, _shared(teacher), _shared(student), strict=True):
        if theirs != own:
            raise TrainingError(
                Errors.R405.format(name=student.name, setting=setting, teacher=theirs, student=own)
            )
    return student


def check_tokenizers(teacher: Language, student: Language, texts: Iterable[str]) -> None:
    """Raise unless both make the same tokens of some texts, before the teacher is asked about all of them.

    teacher (Language): The teacher.
    student (Language): The student, not initialized: where that would change its tokenizer, nothing is compared.
    texts (Iterable[str]): A sample.
    RAISES (TrainingError): A text of which they do not.
    """
    section = student.config.interpolate()["initialize"]
    if section.get("before_init") is not None or section.get("tokenizer"):
        return
    for text in texts:
        check_tokens(student.make_doc(text), [token.text for token in teacher.make_doc(text)])


def check_gold(nlp: Language, teacher: CRFEntityRecognizer) -> int:
    """Raise if the annotated data of a config, which must not be endless, has labels that the teacher lacks.

    nlp (Language): The student, as its config has it.
    teacher (CRFEntityRecognizer): The teacher's component.
    RETURNS (int): Number of Examples; 0 if there is no annotated data.
    RAISES (TrainingError): The labels.
    """
    if not has_data(nlp.config, "train"):
        return 0
    found: set[str] = set()
    n_examples = 0
    for example in read_corpus(nlp.config, "train", nlp):
        n_examples += 1
        found.update(entity.label_ for entity in example.reference.ents)
    unknown = sorted(found.difference(teacher.labels))
    if unknown:
        known = ", ".join(teacher.labels)
        raise TrainingError(Errors.R406.format(unknown=", ".join(unknown), known=known))
    return n_examples


def check_path(config: Config, name: str, option: str, path: Path) -> None:
    """Raise unless a path that was given reaches the corpus that it is for.

    config (Config): The student's, with `paths.<name>` set.
    name (str): "train" or "dev".
    option (str): The option that gave the path.
    path (Path): The path.
    RAISES (TrainingError): The corpus has another path.
    """
    section = config.interpolate()["corpora"][name]
    if section.get("path") != str(path):
        setting, got = f"paths.{name}", section.get("path")
        message = Errors.R407.format(option=option, setting=setting, section=f"corpora.{name}", got=got)
        raise TrainingError(message)


def has_data(config: Config, name: str) -> bool:
    """RETURNS (bool): Whether a corpus has something to read: spaCy's, for one, have no path in most configs.

    config (Config): The student's.
    name (str): "train" or "dev".
    RAISES (TrainingError): Training would read other corpora.
    """
    training = {setting: config["training"].get(setting) for setting in CORPORA}
    if training != CORPORA:
        raise TrainingError(Errors.R408.format(got=training))
    section = config.interpolate()["corpora"].get(name)
    return section is not None and section.get("path", "") is not None


def read_corpus(config: Config, name: str, nlp: Language) -> Iterable[Example]:
    """The Examples of a corpus.

    config (Config): Where it is described.
    name (str): "train" or "dev".
    nlp (Language): The pipeline whose tokens they get.
    RETURNS (Iterable[Example]): The Examples.
    """
    section = config.interpolate()["corpora"][name]
    # By itself: another corpus may have no path.
    corpus: Corpus = registry.resolve({name: section})[name]
    return corpus(nlp)


def distillation_config(
    own: Config,
    name: str,
    labels: Sequence[str],
    *,
    folder: Path,
    own_path: Path,
    held_out: Path | None,
    temperature: float,
    weight: float,
) -> Config:
    """The config with which spaCy trains the student.

    own (Config): The student's, complete.
    name (str): Its component.
    labels (Sequence[str]): The teacher's labels.
    folder (Path): Where the lessons will be.
    own_path (Path): Where the student's own config will be, to be put back into what is saved.
    held_out (Path | None): Where Docs as the teacher annotates them will be, in place of the dev corpus.
    temperature (float): Of the reader of lessons.
    weight (float): Of the reader of lessons.
    RETURNS (Config): The same pipeline, with another training corpus, the teacher's labels, and a callback that puts
        all of that back before anything is saved.
    RAISES (TrainingError): A temperature or weight out of range.
    """
    config = own.copy()
    # Variables may point to what is about to move.
    interpolated = own.interpolate()
    for section in SECTIONS:
        config[section] = interpolated.get(section, {})
    reader = {
        "@readers": "spacy-crf-ner.DistillationCorpus.v1",
        "path": str(folder),
        "gold": config["corpora"]["train"] if has_data(own, "train") else None,
        "temperature": temperature,
        "weight": weight,
        "hold_out": held_out is not None,
    }
    build_distillation_corpus_v1(folder, None, temperature, weight)
    config["corpora"]["train"] = reader
    if held_out is not None:
        config["corpora"]["dev"] = {
            "@readers": "spacy.Corpus.v1",
            "path": str(held_out),
            "gold_preproc": False,
        }
    config["training"]["before_to_disk"] = {
        "@callbacks": "spacy-crf-ner.forget_teacher.v1",
        "path": str(own_path),
        "then": config["training"].get("before_to_disk"),
    }
    components = config["initialize"].setdefault("components", {})
    components.setdefault(name, {})["labels"] = list(labels)
    return config


def _shared(component: CRFEntityRecognizer) -> tuple[str, str]:
    return component.tagset.scheme, component.cfg["segments"]
