"""The paper's survey as a web page: people watch clips and tick the suggested hashtags that fit.

Singh et al., "Learning to Hash-tag Videos with Tag2Vec" (ICVGIP 2016), section 5, asked people which of 15 suggestions
are relevant to a clip. Here one SQLite file holds the clips' encodings, their suggestions, the raters and every answer.
"""
