"""The names of what is compared, apart from the code, which is slow to import."""

# What the page says about them; in the order of its table.
STRATEGIES = {
    "full": "everything learns at one rate: plain fine-tuning",
    "layerwise": "a rate for each layer, lower from top to bottom, a higher one for the head (`LayerwiseAdam`)",
    "frozen-half": "embeddings and the lower half of the layers keep their weights (`freeze`)",
    "unfreezing": "layer by layer from the top joins the training (`gradual_unfreezing`)",
    "lora": "LoRA: low-rank adapters in the encoder's attention (`PeftTransformerModel`)",
    "lora-all": "LoRA of rank 16 in all linear layers of the encoder",
    "prefix": "prefix tuning (`PeftTransformerModel`)",
    "frozen-bilstm": "the whole encoder keeps its weights; a BiLSTM reads its vectors",
    "bilstm": "BiLSTM-CRF without a transformer",
    "idcnn": "IDCNN-CRF without a transformer",
    "cnn": "spaCy's CNN with the CRF, without a transformer",
    "softmax": "a softmax for each token in place of the CRF",
    "bio": "tags of the scheme BIO",
    "io": "tags of the scheme IO",
    "auxiliary": "cross-entropy of single tokens beside the CRF's loss, falling to 0",
    "augmented": "mentions replaced by others of their label, random case",
    "pretrained": "the encoder first reads raw text of the same kind (`pretrain-encoder`)",
    "features": "prefix, suffix and shape of the words beside the encoder, learning fast",
    "recipe": "the default config, `configs/crf_ner_trf.cfg` as it is: features and layer-wise rates",
    "posterior": "the default config, decoding the most expected correct entities, each at a cost of 0.3",
    "few-pretrained": "`posterior` on the encoder that was pretrained first",
    "few-frozen": "`posterior` with the lower half of the encoder frozen as in `frozen-half`",
    "few-augmented": "`posterior` with the augmenters of `augmented`",
}

# Folder of the published files, by corpus; parts of a corpus are made of it.
CORPORA = {
    "wnut17": "WNUT17, new and rare names in social media",
    "wnut17-tenth": "a tenth of WNUT17's training part, drawn by the seed",
    "ncbi-disease": "NCBI disease, mentions in abstracts",
}

# How the page calls a base that is not taken as it is (configs.py: PLAIN).
BASES = {"crf_ner_trf": "`configs/crf_ner_trf.cfg` without its features and layer-wise rates"}

# What `--pretrained` has to be for rows that can be compared.
PRETRAINING = (
    "python -m spacy crf-ner pretrain-encoder palm.10000 PRETRAINED --encoder ENCODER --steps 300 --batch-tokens 1024 "
    "--learn-rate 1e-4 --head-learn-rate 2e-3 --head-steps 50 --held-out 0.02"
)
