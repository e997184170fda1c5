"""Messages of the room `training`: R."""


class TrainingErrors:
    """Templates for `str.format`."""

    # optimizers and freezing
    R001 = (
        "Expected `layer_decay` to be above 0 and at most 1, got {got}: it is the factor to the layer below."
    )
    R002 = "Expected `n_layers` to be the number of the encoder's layers, 0 or more, got {got}."
    R003 = (
        "Expected the factor `{setting}` to be a finite number of at least 0, got {got}: the learning rate is "
        "multiplied by it."
    )
    R004 = (
        "The optimizer's `n_layers` is {got}, but '{name}' is of layer {index}, counted from 0: set `n_layers` to the "
        "number of the encoder's layers (`python -m spacy crf-ner params` shows them)."
    )
    R005 = "Expected `patterns` to hold regular expressions, got '{got}': {reason}."
    R006 = (
        "The optimizer's `n_layers` is {got}, but the highest layer that learns is number {found}, and with too many "
        "layers all learn too slowly: set `n_layers` to {found}."
    )
    R007 = (
        "The optimizer's `n_layers` is {got}, but it got the embeddings of an encoder and none of its layers: their "
        "names hold no number that is known, or they are frozen. Set `n_layers` to 0, and give rates by `patterns`."
    )
    R008 = "Expected `component` to be the name of a component of the pipeline ({names}), got '{got}'."
    R009 = (
        "Component '{name}' holds no torch module with layers or embeddings of an encoder: it is not initialized yet, "
        "or `component` has to name another one."
    )
    R010 = "`{setting}` is {got}, but the encoder of '{name}' has {depth} layers: set it to a number from 0 to {depth}."
    R011 = "Nothing would be frozen in '{name}': set `embeddings`, `layers` or `patterns`."
    R012 = (
        "`{setting}` finds nothing in the encoder of '{name}', whose parameters are called '{example}' and so on: "
        "change it, or leave it out."
    )
    R013 = (
        "Expected `{setting}` to be a number of updates of at least 1, or a list of such numbers, got {got}."
    )

    R050 = (
        "load_frozen_transformer: expected the name of a transformer, but there is none called '{component}' among "
        "{known}. Change `[initialize.before_init] component`."
    )

    # raw texts
    R014 = (
        "Expected {path} to be UTF-8 with a text in each line, or an object with `text` if its name ends with .jsonl, "
        "but line {number} is not ({reason}). Correct or delete it."
    )

    # augmenters and corpora (from 200)
    R200 = (
        "Augmenter '{name}': expected `{setting}` to be {expected}, but got {got!r}. Change `{setting}` in the section "
        "of the config that names the augmenter, such as `[corpora.train.augmenter]`."
    )
    R201 = (
        "Augmenter '{name}': expected `path` to be a .spacy file or a folder with such files, but found none at "
        "{path}. Change `path`, or set it to null to draw from the corpus alone."
    )
    R202 = (
        "Augmenter '{name}' got no augmenters to combine. Give it one or more in sections such as "
        "`[corpora.train.augmenter.*.case]`, each with `@augmenters`."
    )
    R203 = (
        "Reader '{name}': expected `ratio` to be a finite number of at least 0, but got {got!r}. Change "
        "`[corpora.train] ratio`."
    )
    R204 = (
        "Reader '{name}': expected `model` to be a trained pipeline, a folder or a package, but {model} cannot be "
        "loaded: {reason}. Change `[corpora.train] model`."
    )
    R205 = (
        "Reader '{name}' found no text to rehearse on. Give `[corpora.train.raw]` a file with text, or set "
        "`[corpora.train] ratio` to 0."
    )
    R206 = (
        "Callback '{name}': expected `component` to be a component of the pipeline that takes labels, but got "
        "{component!r}. The pipeline's components: {known}. Change `component` in the section of the callback, such as "
        "`[initialize.before_init]`."
    )
    R220 = (
        "Resampling: expected `{setting}` to be {expected}, but got {got!r}. Change `{setting}` in the section that "
        "names the batcher or reader, such as `[training.batcher]`."
    )

    # pretraining (from 300)
    R300 = "Pretraining: expected `{option}` to be {expected}, but got {got}."
    R302 = "Pretraining: there is no text in {paths}. Give files of raw text, a text a line."
    R303 = (
        "Pretraining: of {n_texts} texts nothing is left to be trained on. Give more texts, or hold out a smaller "
        "share than {held_out} (`--held-out`)."
    )
    R304 = (
        "Pretraining: in the texts that are held out no word piece is masked, so that nothing can be measured. Give "
        "more texts, raise `--mask-probability`, or measure nothing with `{held_out} 0`."
    )
    R305 = (
        "Pretraining: cannot load the encoder {encoder!r}: {reason}. Give `--encoder` the name of a model on the "
        "Hugging Face hub, or a folder with config, weights and tokenizer."
    )
    R306 = (
        "Pretraining: expected an encoder with a masked language model (BERT, RoBERTa, ELECTRA, DeBERTa, ...) or a "
        "causal one (GPT-2, ...), but {encoder!r} is {kind!r}, which learned its language in another way. Give another "
        "`--encoder`."
    )
    R307 = (
        "Pretraining: the loss is {loss} at step {step}. Lower `--learn-rate` or `--head-learn-rate`, or raise "
        "`--warmup`. The command goes on from the last checkpoint only with the same settings; with others, add "
        "`--overwrite`."
    )
    R308 = (
        "Pretraining: {output} holds files that are not from a pretraining. Give another output folder, or write into "
        "this one with `--overwrite`: files of an encoder in it are replaced."
    )
    R309 = (
        "Pretraining: {output} holds a pretraining with another setting `{name}`: {old!r}, and not {new!r}. Give the "
        "same settings and texts to go on with it, another output folder, or `--overwrite` to begin anew."
    )
    R310 = "Pretraining: {path} is damaged. Begin anew with `--overwrite`."
    R311 = "Pretraining needs the package {package!r}, which is not installed: `pip install 'spacy-crf-ner[pretrain]'`."
    R312 = (
        "Pretraining: expected `--gpu-id` to be -1 for the CPU or the number of a GPU, but got {gpu}, and torch sees "
        "{count} GPUs. Install a torch for CUDA, or leave out `--gpu-id`."
    )

    # distillation (from 400)
    R400 = "Expected texts for the teacher, a line each (.jsonl: objects with `text`), but there is none in {path}."
    R402 = (
        "The teacher's lessons in {path} are damaged or missing. Delete what is there, and run "
        "`python -m spacy crf-ner distill` again: it makes what it does not find."
    )
    R403 = (
        "Teacher and student must have the same tokens, but of {text!r} the teacher makes {teacher} and the student "
        "{student}. Give the student's config the teacher's `[nlp] lang` and `[nlp.tokenizer]` (and its "
        "`[initialize.before_init]`, if that changes the tokenizer)."
    )
    R404 = (
        "Expected the student's config to have one component of the factory `crf_ner`, or one named {teacher!r} as the "
        "teacher's, but it has {found}. Change `[nlp] pipeline`."
    )
    R405 = (
        "Expected the student to have the teacher's `{setting}`, {teacher!r}, but its config says {student!r}. Set "
        "`[components.{name}] {setting}` to {teacher!r}."
    )
    R406 = (
        "The annotated data has labels that the teacher does not know: {unknown}. It knows {known}. Train the teacher "
        "on this data first, or leave these entities out of it (`--gold`)."
    )
    R407 = (
        "`{option}` sets `{setting}`, but `[{section}]` of the student's config does not use it: it has `path` = "
        "{got!r}. Write `path = ${{{setting}}}` there."
    )
    R408 = (
        'Expected the student\'s config to have `[training] train_corpus` = "corpora.train" and `dev_corpus` = '
        '"corpora.dev", but got {got}.'
    )
    R409 = "Expected `{setting}` to be a finite number above 0, but got {got}."

    # search (from 500)
    R500 = "Search: expected `{option}` to be {expected}, but got {got!r}."
    R501 = (
        "Search: cannot read the space from {path}: {reason}. Give a YAML file with the dotted names of settings, and "
        "for each of them `choices`, or `low` and `high`."
    )
    R502 = "Search: `{key}` in the space: expected {expected}, but got {got!r}. Correct it in the YAML file."
    R503 = (
        "Search: the config has no setting `{key}`, which is in the space. Similar ones are: {near}. Correct the name, "
        "or complete the config with `python -m spacy init fill-config`."
    )
    R504 = (
        "Search: the config does not take {value!r}, which is in the space, for `{key}`: {reason}. Correct the space "
        "in the YAML file."
    )
    R505 = (
        "Search: the config itself is not valid: {reason}. Correct it first, with `python -m spacy debug config` and "
        "`python -m spacy init fill-config`."
    )
    R506 = (
        "Search needs the package {package!r}, which is not installed: `pip install 'spacy-crf-ner[tune]'`."
    )
    R507 = (
        "Search: {output} holds a search with another config, space or seed. Give the same ones to go on with it, or "
        "another `--output`."
    )
    R508 = (
        "Search: none of {count} trials was completed, so that there is nothing to choose from. Raise `--trials` or "
        "`--timeout`, set `--pruner none`, or lower the learning rates of the space."
    )
