"""The figures and tables of the paper, regenerated from a bundle and its training.

Singh et al., "Learning to Hash-tag Videos with Tag2Vec" (ICVGIP 2016). Each module makes one section of the page.
"""
