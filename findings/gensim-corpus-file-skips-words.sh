#!/usr/bin/env bash
# gensim: Word2Vec trains on fewer words from `corpus_file` than from the same sentences as a list.
#
# Installs: gensim 4.4.0, in a temporary virtual environment.
# Expected: the same number of trained words either way. All lines are shorter than the documented limit of 10,000
#   words, no word is rare or down-sampled, and there is one worker and one epoch.
# Found: a file with lines of 3,000 words loses 16 % of its words, one with lines of 9,000 words 43 %, and one with
#   short lines 0.1 %. Jobs hold up to 10,000 words; when a line does not fit into the rest of a job, its remaining
#   words are skipped. The raw word count that `train` returns does not show this.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gensim==4.4.0
"$folder/venv/bin/python" - "$folder/corpus.txt" <<'PY'
import random
import sys
from pathlib import Path

import gensim
from gensim.models import Word2Vec

WORDS = 297_000

print("gensim", gensim.__version__)
path = Path(sys.argv[1])
skipped = []
for length in (12, 3_000, 9_000):
    source = random.Random(0)
    lines = [[f"word{source.randrange(20)}" for _ in range(length)] for _ in range(WORDS // length)]
    path.write_text("".join(" ".join(line) + "\n" for line in lines), encoding="utf-8")
    trained = {}
    for name, corpus in {"sentences": {"corpus_iterable": lines}, "corpus_file": {"corpus_file": str(path)}}.items():
        model = Word2Vec(vector_size=4, min_count=1, sample=0, workers=1, seed=0)
        model.build_vocab(**corpus)
        assert model.corpus_total_words == WORDS
        trained[name], _ = model.train(**corpus, total_words=WORDS, total_examples=model.corpus_count, epochs=1)
    print(f"lines of {length} words, {WORDS} in all: trained on {trained}")
    assert trained["sentences"] == WORDS
    skipped.append(1 - trained["corpus_file"] / WORDS)
if min(skipped[1:]) < 0.1:
    sys.exit("Changed: corpus_file no longer skips many words of long lines.")
PY
