"""Names of the files in a bundle."""

from models.embedding import EMBEDDING_FILE, PROJECTION_FILE

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
VOCABULARY = "vocabulary.safetensors"
APPEARANCE = "appearance.onnx"
CLASSES = "classes.tsv"
TAG_VECTORS = "tag_vectors.safetensors"
TAGS = "tags.json"
TIMINGS = "timings.json"
DENIED = "denied_tags.txt"
KINDS = "tag_kinds.tsv"
# The last three are also named in models.tags, but those modules are slow to import.
REQUIRED = (
    VOCABULARY,
    APPEARANCE,
    PROJECTION_FILE,
    EMBEDDING_FILE,
    CARD,
    DENIED,
    KINDS,
    TAGS,
    "tagspace.faiss",
    "cooccurrence.safetensors",
)
