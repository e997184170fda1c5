"""Messages of the room `data`: D."""


class DataErrors:
    """Templates for `str.format`."""

    # columns and CoNLL-U (from 1)
    D001 = (
        "Expected {path} to be text with a token a line, but line {line} has {name} in it. Save it as UTF-8, with LF "
        "or CRLF at the end of lines."
    )
    D002 = "Expected {path} to hold tokens with tags, a token a line, but there is no token in it. Give another file."
    D003 = (
        "Expected a token in column {token_column} and a tag in another one, {tag_column}, of each line of {path} (the "
        "first is 0, the last -1), but line {line} has {count}: {text!r}. Change `--token-column`, `--tag-column` or "
        "`--separator`; columns are separated by {separator}."
    )
    D004 = (
        "Expected as many columns in each line of {path} as in line {first}, {expected}, but line {line} has {count}: "
        "{text!r}. Correct the line, change `--separator` (columns are separated by {separator}), or count columns "
        "from the first, 0, instead of from the end (`--token-column`, `--tag-column`)."
    )
    D005 = "Expected a token and a tag in line {line} of {path}, but the {what} is empty: {text!r}. Correct the line."
    D006 = "Expected `--scheme` to be one of {known}, got {got!r}."
    D007 = (
        "Expected only tags of the scheme {scheme} in {path}, but line {line} has {tag!r}. Correct the tag, leave out "
        "`--scheme` to let it be found, or choose another column (`--tag-column`)."
    )
    D008 = (
        "Expected the tags in {path} to be of one scheme, but {tag!r} (line {line}) and {other!r} (line {other_line}) "
        "are of none together. Correct the tags, choose another column (`--tag-column`), or, if the tags are labels "
        'without prefixes, set `--scheme` to "BARE".'
    )
    D009 = (
        "Expected a tag for each token in {path}, such as B-PER, but line {line} has {tag!r}, which looks like "
        "brackets around several tokens. Choose another column (`--tag-column`), or convert them to tags first."
    )
    D010 = (
        "Expected the column of tags in {path} to hold few different labels, but it has {count} and none of them has a "
        'prefix such as "B-". Choose another column (`--tag-column`); if they are labels, set `--scheme` to "BARE".'
    )
    D011 = "Expected {path} to be CoNLL-U, but line {line} is not: {reason}. Correct the line: {text!r}."
    D012 = (
        "Expected entities in {path} under the key {key!r} of the column MISC, but no word has it; the keys there are: "
        "{keys}. Name one of them, or the number of a column."
    )
    D013 = "Expected `--separator` to be a tab, a space or other characters on one line, got {got!r}."

    # JSON, brat, Label Studio, datasets (from 100)
    D100 = (
        "Expected {path} to hold JSON, an object in each line or one array of objects, but line {line} does not "
        "({reason}). Correct or delete it, or set `--format` if it is no JSON."
    )
    D101 = (
        "Expected {path} to hold at least one record, but it holds nothing: export it again, or leave it out."
    )
    D102 = (
        "Expected each record of {path} to be {expected}, but that of line {line}{place} is {got}. Correct or delete "
        "it, or set `--format` if the file is in another one."
    )
    D103 = (
        "Expected the labels of {path} to be names, but line {line} has the number {label}. Export it with names "
        "(JSONL with text labels), or put the export of the labels beside it as {config}."
    )
    D104 = (
        "Expected {path} to be doccano's export of labels, a list of objects with `id` and `text`, or an object with a "
        "name for each number, got {got}. Export the labels again, or write it by hand."
    )
    D105 = (
        "Expected the text of {path}, line {line}{place}, to be one of its strings, but they are {got}: name the one "
        "to read by `--text-key`."
    )
    D106 = (
        "Expected {path} to have its text beside it, but there is no {text}: put it there, or delete {path}."
    )
    D107 = (
        "Expected {path} to be a folder of brat's .txt and .ann files, or one of them, but it is not: name the folder, "
        "or set `--format`."
    )
    D108 = (
        "Expected {path} to be in one of the formats {formats}, but it looks like none of them: {reason}. Set "
        "`--format` if it is in one of them."
    )
    D109 = (
        "To read {path}, `datasets` of Hugging Face is needed, but it is not installed ({reason}): run "
        "`pip install 'spacy-crf-ner[data]'`."
    )
    D110 = (
        "Expected {path} to be a folder that `save_to_disk` of `datasets` wrote, but it cannot be loaded: {reason}. "
        "Save it again, or set `--format`."
    )
    D111 = (
        "Expected one of the splits of {path}, {splits}, got {got}: name the folder of one, such as {example}, or one "
        "of them with `--hub-split`."
    )
    D112 = "Expected {path} to have the column {column} of {expected}, but {got}: set `{setting}`."
    D113 = (
        "Expected {path} to be a file, got {got}: name a file, or set `--format` if the format has folders."
    )
    D114 = "Expected {path} to be UTF-8, but line {line} is not ({reason}). Save it as UTF-8."

    # convert (from 200)
    D200 = "Expected `--{name}` to be {expected}, but got {got!r}."
    D201 = (
        "{path}, line {line}: expected the tokens to spell the text, {text}, but they spell {got}. Correct the tokens "
        "and their spaces, or take them out of the file: then the tokenizer of `--lang` divides the text."
    )
    D202 = (
        "Expected `--lang` to be the code of a language with a tokenizer in spaCy, such as en, or xx for any, but got "
        "{lang!r} ({reason})."
    )
    D203 = (
        "Expected mentions to begin and end where tokens do, since `--on-misaligned error` is given, but {n_mentions} "
        "do not: no Docs are written. The first ones:\n{first}\nAll of them are in {report}. Correct them, or choose "
        "`--on-misaligned warn`, which leaves their tokens without annotation, `expand` or `contract`."
    )
    D204 = (
        "Expected `--split` to be two or three numbers above 0, train, dev and test, such as 80/10/10 or 90/10, but "
        "got {got!r}."
    )
    D205 = (
        "Expected `--split {split}` to leave a document for each part, but of {n_documents} documents none is left for "
        "{empty}. Give more documents, or change the numbers of `--split`: records of one document stay together."
    )
    D206 = (
        "Expected `--output` to be a folder, since `--split` writes a file for each part, but got {path}. Give a "
        "name that does not end with .spacy."
    )
    D207 = "Expected `--label-map` to be old=new, or old= to leave a label out, each old label once, but got {got!r}."
    D209 = (
        "Expected a file of its own for each input, but {first} and {second} would both become {path}. Convert them "
        "into different folders, or into one file: `--output` with a name that ends with .spacy."
    )
    D210 = (
        "Expected {path} to hold files with annotated texts, but it is empty. Name files, or another folder."
    )
    D211 = "Expected `{name}` to be a file of its own, but {path} is an input or another output. Choose another name."
    D212 = (
        "Expected texts in {paths}, but found none that can be written: no Docs are written. What was left out is in "
        "{report}. Check the files and `--format`."
    )
    D213 = "`--{name}` is for {takers}, but the format is {formats}. Leave it out, or set `--format`."
    D214 = (
        "Expected all files of the folder {folder} to be annotated texts, but {path} is none ({reason}). Name the "
        "files that are to be converted instead of the folder."
    )

    # check (from 300)
    D302 = (
        "Expected to know where the data is, but {got}. Name the files, first train, then dev, as in `crf-ner check "
        "train.spacy dev.spacy`, or a config that names them, with `--config`."
    )
    D303 = (
        "Expected the config to have one component {name!r} of the factory crf_ner, got {got}. Name one of them with "
        "`--component`, or leave out `--config`."
    )
    D304 = "Expected `{name}` to be one of {known}, got {got!r}. Change `--{name}`, or the component in the config."
    D305 = (
        "Expected {name!r} to be a Hugging Face model or a folder with one, but its tokenizer cannot be loaded: "
        "{reason}. Change `--encoder`."
    )
    D306 = "Expected {source} to give a tokenizer, but it cannot be made: {reason}. Change `--lang` or the config."
