#!/bin/sh
# Makes tests/Mezcla.Weights.Tests/Tokenizers/small.model, a Llama 2-like SentencePiece model of 700 tokens, with Debian's package sentencepiece (0.1.97).
#   cd tests/Mezcla.Weights.Tests/Tokenizers/peers && ./sentencepiece.sh
set -e
corpora=../../../../datasets/corpora
head -c 400000 $corpora/bible-spanish.txt > /tmp/spanish.txt
head -c 600000 $corpora/moby-dick.txt > /tmp/english.txt
spm_train --input=/tmp/spanish.txt,/tmp/english.txt --model_prefix=/tmp/small --vocab_size=700 --model_type=bpe --byte_fallback --split_digits \
    --normalization_rule_name=identity --remove_extra_whitespaces=false --character_coverage=0.999 --user_defined_symbols='<user>,[INST],a▁b' >/dev/null 2>&1
mv /tmp/small.model ..
rm /tmp/spanish.txt /tmp/english.txt /tmp/small.vocab
