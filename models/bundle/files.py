"""Names of the files in a bundle."""

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
VOCABULARY = "vocabulary.safetensors"
EMBEDDING = "embedding.safetensors"
TIMINGS = "timings.json"
DENIED = "denied_tags.txt"
# The last three are also named in models.tags, but those modules are slow to import.
REQUIRED = (VOCABULARY, EMBEDDING, CARD, DENIED, "tags.json", "tagspace.faiss", "cooccurrence.safetensors")
