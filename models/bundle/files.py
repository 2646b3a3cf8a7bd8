"""Names of the files of a bundle."""

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
VOCABULARY = "vocabulary.safetensors"
EMBEDDING = "embedding.safetensors"
TIMINGS = "timings.json"
DENIED = "denied_tags.txt"
# The last two are named in models.tags.space, too, which imports FAISS.
REQUIRED = (VOCABULARY, EMBEDDING, CARD, DENIED, "tags.json", "tagspace.faiss", "cooccurrence.safetensors")
