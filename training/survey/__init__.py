"""The paper's survey as a web page: people watch clips and select the suggested hashtags that fit.

Singh et al., "Learning to Hash-tag Videos with Tag2Vec" (ICVGIP 2016), section 5, asked people which of 15 suggestions
are relevant to a clip. Here, one SQLite file holds the encoded clips, their suggestions, the raters and all answers.
"""
