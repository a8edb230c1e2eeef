"""Stories to tensors: every question sees its newest facts, and nothing else."""

from __future__ import annotations

import torch

from memnet.babi.parser import parse_stories, read_stories
from memnet.text import words
from memnet.training.vectorise import examples_of, vectorise, vocabulary_of
from memnet.vocabulary import Vocabulary

STORY = [
    "1 Mary got the football there.",
    "2 Where is the football?\tkitchen\t1",
    "3 Mary went back to the garden.",
    "4 Mary got the football there.",
    "5 Where is the football?\tgarden\t4 3",
]


def test_sentences_are_padded_at_the_end_and_unknown_words_are_nil():
    sentences = vectorise([["mary", "left"], ["xyzzy", "mary", "left"]], Vocabulary(["left", "mary"]))

    assert sentences.words.tolist() == [[2, 1, 0], [0, 2, 1]]
    assert sentences.lengths.tolist() == [2, 3]


def test_each_question_reads_the_facts_told_before_it_newest_first():
    stories = list(parse_stories(STORY, name="x", task=1))
    vocabulary = vocabulary_of(stories)
    examples = examples_of(stories, vocabulary, memory_size=4)

    # Two distinct facts; 2 marks an empty slot.
    assert examples.slots.tolist() == [[0, 2, 2, 2], [0, 1, 0, 2]]
    assert [vocabulary.word(i) for i in examples.answers.tolist()] == ["kitchen", "garden"]


def test_only_the_newest_facts_fit_into_the_memory():
    stories = list(parse_stories(STORY, name="x", task=1))
    examples = examples_of(stories, vocabulary_of(stories), memory_size=2)

    assert examples.slots.tolist() == [[0, 2], [0, 1]]


def test_a_batch_holds_each_distinct_sentence_once_and_says_the_same(babi_dir):
    stories = [
        story
        for task, path in enumerate(sorted((babi_dir / "en").glob("*_test.txt")))
        for story in read_stories(path, task)
    ]
    vocabulary = vocabulary_of(stories)
    examples = examples_of(stories, vocabulary, memory_size=50)
    index = torch.randperm(len(examples), generator=torch.Generator().manual_seed(0))[:31]

    batch = examples.batch(index)

    assert len(set(map(tuple, batch.facts.words.tolist()))) == len(batch.facts)
    rows = {tuple(row): number for number, row in enumerate(examples.facts.words.tolist())}
    local = [rows[tuple(row)] for row in batch.facts.words.tolist()] + [len(examples.facts)]
    assert [[local[s] for s in row] for row in batch.slots.tolist()] == examples.slots[index].tolist()
    assert batch.answers.tolist() == examples.answers[index].tolist()


def test_the_vocabulary_holds_every_word_of_facts_questions_and_answers():
    stories = list(
        parse_stories(["1 Fred got apples.", "2 What has Fred?\tApples,Milk\t1"], name="x", task=8)
    )

    assert vocabulary_of(stories).words == ("apples", "apples,milk", "fred", "got", "has", "what")


def test_punctuation_and_capitals_do_not_make_new_words():
    assert words("Where is  Mary's X-200, José?") == ["where", "is", "mary's", "x-200", "josé"]
